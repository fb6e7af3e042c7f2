import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NumberTally, countBits } from '../../src/server/number-tally.ts';

test('bits, doubles and sums of a tally are exact', () => {
  const tally = new NumberTally(20);
  for (const number of [0, 7, 8, 19, 7, 7]) tally.add(number);
  assert.deepEqual([...tally.seen], [0b1000_0001, 0b1, 0b1000]);
  assert.deepEqual([...tally.repeated], [0b1000_0000, 0, 0]);
  assert.equal(tally.hasRepeated, true);
  assert.equal(tally.sum, 48n);
  assert.equal(tally.sumOfSquares, 64n + 361n + 3n * 49n);
  assert.equal(countBits(tally.seen), 4);
});

test('sums stay exact beyond what a double holds', () => {
  const size = 2 ** 26;
  const tally = new NumberTally(size);
  const largest = size - 1;
  for (let index = 0; index < 10_000; index += 1) tally.add(largest);
  assert.equal(tally.sum, 10_000n * BigInt(largest));
  assert.equal(tally.sumOfSquares, 10_000n * BigInt(largest) ** 2n);
});

test('a reset tally is as new', () => {
  const tally = new NumberTally(9);
  tally.add(8);
  tally.add(8);
  tally.reset();
  assert.deepEqual([tally.sum, tally.sumOfSquares, tally.hasRepeated], [0n, 0n, false]);
  assert.equal(countBits(tally.seen) + countBits(tally.repeated), 0);
});

test('countBits counts every bit of every byte value', () => {
  const all = Uint8Array.from({ length: 256 }, (_, value) => value);
  assert.equal(countBits(all), 1024);
});
