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
const BLOCK = 1_024;
const bitmap = new Bitmap(size, bits);
const ready = new Int32Array(gate);
let newCount = 0;
// Each thread begins with another bit of the same word, and all begin each block together, so that they meet in words.
for (let block = 0; block * BLOCK < size; block++) {
  if (Atomics.add(ready, 0, 1) + 1 === threadCount * (block + 1)) Atomics.notify(ready, 0);
  for (let seen = Atomics.load(ready, 0); seen < threadCount * (block + 1); seen = Atomics.load(ready, 0))
    Atomics.wait(ready, 0, seen, 50);
  for (let step = 0; step < BLOCK; step++) {
    const index = block * BLOCK + (step ^ (thread * 8));
    if (index < size && bitmap.add(index)) newCount++;
  }
}
new Int32Array(newCounts)[thread] = newCount;
