import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { splitCount, splitRange } from '../../src/model/split.ts';

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
