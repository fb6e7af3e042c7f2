import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DelayQueue } from '../../src/server/delay-queue.ts';

/** Adds `count` items, some in bursts and some a loop turn apart, and checks each release against its clock. */
async function runThrough(delayMs: number, count: number): Promise<number[]> {
  const released: number[] = [];
  const receivedMs: number[] = [];
  const done = Promise.withResolvers<void>();
  const queue = new DelayQueue<number>(delayMs, (due) => {
    const nowMs = performance.now();
    for (const item of due) {
      const waitedMs = nowMs - (receivedMs[item] as number);
      if (waitedMs < delayMs) done.reject(new Error(`item ${item} after ${waitedMs} ms of ${delayMs}`));
      released.push(item);
    }
    if (released.length === count) done.resolve();
  });
  for (let item = 0; item < count; item += 1) {
    receivedMs[item] = performance.now();
    queue.add(item, receivedMs[item] as number);
    if (item % 97 === 0) await new Promise(setImmediate);
  }
  await done.promise;
  assert.equal(queue.size, 0);
  return released;
}

for (const delayMs of [0.2, 1, 3.7, 50]) {
  test(`items wait at least ${delayMs} ms and leave in the order they came, none lost`, async () => {
    const released = await runThrough(delayMs, 5000);
    assert.deepEqual(
      released,
      Array.from({ length: 5000 }, (_, item) => item),
    );
  });
}

test('the queue grows while its ring is wrapped around', async () => {
  const released: number[] = [];
  const done = Promise.withResolvers<void>();
  const queue = new DelayQueue<number>(1, (due) => {
    released.push(...due);
    if (released.length === 5000) done.resolve();
  });
  for (let item = 0; item < 700; item += 1) queue.add(item, performance.now());
  while (released.length < 700) await new Promise(setImmediate);
  for (let item = 700; item < 5000; item += 1) queue.add(item, performance.now());
  await done.promise;
  assert.deepEqual(
    released,
    Array.from({ length: 5000 }, (_, item) => item),
  );
});
