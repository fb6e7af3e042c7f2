// A thread that adds every number to a shared bitmap, one word after another, in step with other such threads.

import { workerData } from 'node:worker_threads';
import { Bitmap } from '../../src/measure/bitmap.ts';

const { bits, size, newCounts, thread, gate, threadCount } = workerData as {
  readonly bits: SharedArrayBuffer;
  readonly size: number;
  readonly newCounts: SharedArrayBuffer;
  readonly thread: number;
  readonly gate: SharedArrayBuffer;
  readonly threadCount: number;
};
const bitmap = new Bitmap(size, bits);
const ready = new Int32Array(gate);
let newCount = 0;
if (Atomics.add(ready, 0, 1) + 1 === threadCount) Atomics.notify(ready, 0);
for (let seen = Atomics.load(ready, 0); seen < threadCount; seen = Atomics.load(ready, 0))
  Atomics.wait(ready, 0, seen, 50);
// Each thread begins with another bit of the same word, so that all of them write to one word at once.
for (let word = 0; word < size; word += 32) {
  for (let step = 0; step < 32; step++) {
    const index = word + ((step + thread * 8) % 32);
    if (index < size && bitmap.add(index)) newCount++;
  }
}
new Int32Array(newCounts)[thread] = newCount;
