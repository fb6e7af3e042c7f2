import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitByWeight, splitCount, splitRange } from '../../src/model/split.ts';

test('10 over 3 is 4, 3 and 3, never 3, 3 and 3', () => {
  assert.deepEqual(splitCount(10, 3), [4, 3, 3]);
  assert.deepEqual(splitCount(10_000, 3), [3334, 3333, 3333]);
  assert.deepEqual(splitCount(2, 3), [1, 1, 0]);
  assert.deepEqual(splitCount(0, 2), [0, 0]);
});

test('shares add up to the whole and differ by one at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000_000 }), fc.integer({ min: 1, max: 300 }), (total, parts) => {
      const shares = splitCount(total, parts);
      assert.equal(
        shares.reduce((sum, share) => sum + share, 0),
        total,
      );
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1);
    }),
  );
});

test('ranges are contiguous and cover the whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 64 }), (total, parts) => {
      let next = 0;
      for (const range of splitRange(total, parts)) {
        assert.equal(range.start, next);
        next = range.end;
      }
      assert.equal(next, total);
    }),
  );
});

test('a negative total or no parts is refused', () => {
  assert.throws(() => splitCount(-1, 2), RangeError);
  assert.throws(() => splitCount(1, 0), RangeError);
  assert.throws(() => splitCount(1.5, 1), RangeError);
});

test('shares by weight go by the connections a worker has', () => {
  assert.deepEqual(splitByWeight(300, [9, 8]), [159, 141]);
  assert.deepEqual(splitByWeight(10_000, [5000, 5000]), [5000, 5000]);
  assert.deepEqual(splitByWeight(10, [1, 1, 1]), [4, 3, 3]);
  assert.deepEqual(splitByWeight(3, [2, 1]), [2, 1]);
  assert.throws(() => splitByWeight(3, [0, 0]), RangeError);
});

test('shares by weight add up, and each is its exact share rounded down or up', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10_000_000 }),
      fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 32 }),
      (total, weights) => {
        const shares = splitByWeight(total, weights);
        const sum = weights.reduce((all, weight) => all + weight, 0);
        assert.equal(
          shares.reduce((all, share) => all + share, 0),
          total,
        );
        for (const [index, share] of shares.entries()) {
          assert.ok(Math.abs(share - (total * (weights[index] as number)) / sum) < 1);
        }
      },
    ),
  );
});
