import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { Bitmap } from '../../src/measure/bitmap.ts';

const sizeAndMembers = fc
  .integer({ min: 1, max: 300 })
  .chain((size) => fc.tuple(fc.constant(size), fc.array(fc.integer({ min: 0, max: size - 1 }))));

function bitmapOf(size: number, members: readonly number[]): Bitmap {
  const bitmap = new Bitmap(size);
  for (const member of members) bitmap.add(member);
  return bitmap;
}

test('a bitmap is a set: its members, its count, and whether a member is new', () => {
  fc.assert(
    fc.property(sizeAndMembers, ([size, members]) => {
      const bitmap = new Bitmap(size);
      const set = new Set<number>();
      for (const member of members) {
        assert.equal(bitmap.add(member), !set.has(member));
        set.add(member);
      }
      assert.equal(bitmap.count, set.size);
      for (let index = 0; index < size; index++) assert.equal(bitmap.has(index), set.has(index));
    }),
  );
});

test('a full bitmap counts every bit, the sign bit of each word too', () => {
  for (const size of [1, 31, 32, 33, 64, 10_000]) {
    assert.equal(
      bitmapOf(
        size,
        Array.from({ length: size }, (_, index) => index),
      ).count,
      size,
    );
  }
});

test('differences are the first numbers that the question holds for, and no more than the limit', () => {
  fc.assert(
    fc.property(
      sizeAndMembers,
      fc.array(fc.nat(299)),
      fc.integer({ min: 0, max: 10 }),
      ([size, here], other, limit) => {
        const there = other.filter((member) => member < size);
        const found = bitmapOf(size, here).differences(bitmapOf(size, there), (a, b) => a && !b, limit);
        const expected = [...new Set(here)].filter((member) => !there.includes(member)).sort((a, b) => a - b);
        assert.deepEqual(found, expected.slice(0, limit));
      },
    ),
  );
});

test('bytes come in with the least significant bit first, and what is missing is not set', () => {
  const bitmap = Bitmap.fromBytes(Uint8Array.of(0b0000_0101, 0x80), 40);
  assert.deepEqual(
    Array.from({ length: 40 }, (_, index) => index).filter((index) => bitmap.has(index)),
    [0, 2, 15],
  );
  assert.equal(Bitmap.fromBytes(new Uint8Array(100).fill(255), 32).count, 32, 'bytes beyond the size');
});

test('threads that add the same numbers at the same time lose none, and each number is new to one only', async () => {
  const size = 1_000_000;
  const threadCount = 2;
  const bits = Bitmap.allocate(size);
  const newCounts = new SharedArrayBuffer(threadCount * 4);
  const gate = new SharedArrayBuffer(8);
  const workers = Array.from(
    { length: threadCount },
    (_, thread) =>
      new Worker(new URL('../helpers/add-bits-thread.ts', import.meta.url), {
        workerData: { bits, size, newCounts, thread, gate, threadCount },
      }),
  );
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  assert.equal(new Bitmap(size, bits).count, size);
  const counts = [...new Int32Array(newCounts)];
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    size,
    String(counts),
  );
});
