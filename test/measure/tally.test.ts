import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { squareSumOf, sumTallies, Tally } from '../../src/measure/tally.ts';
import { FAILURE_CODES } from '../../src/model/errors.ts';
import { TALLY_FIELDS } from '../../src/model/record.ts';

const LARGEST_TRIAL = 2 ** 26 - 1;
const largeTrials = fc.array(fc.integer({ min: LARGEST_TRIAL - 1_000, max: LARGEST_TRIAL }), {
  maxLength: 60,
});

function tallyOf(values: readonly number[]): Tally {
  const tally = new Tally();
  for (const value of values) tally.addValue(value);
  return tally;
}

function squareSum(values: readonly number[]): bigint {
  return values.reduce((sum, value) => sum + BigInt(value) ** 2n, 0n);
}

test('sum and sum of squares are exact for the largest trial numbers, over the carry', () => {
  fc.assert(
    fc.property(largeTrials, (values) => {
      const data = tallyOf(values).toData();
      assert.equal(squareSumOf(data), squareSum(values));
      assert.equal(BigInt(data.valueSum), BigInt(values.reduce((sum, value) => sum + value, 0)));
    }),
  );
});

test('the sum of squares stays exact over any number of workers', () => {
  fc.assert(
    fc.property(fc.array(largeTrials, { minLength: 1, maxLength: 40 }), (parts) => {
      const data = sumTallies(parts.map(tallyOf));
      assert.equal(squareSumOf(data), squareSum(parts.flat()));
    }),
  );
  // Each part is just below the carry, and odd: a plain sum of four in doubles would drop the last bits.
  const parts = Array.from({ length: 7 }, () => tallyOf([LARGEST_TRIAL]));
  assert.equal(squareSumOf(sumTallies(parts)), 7n * BigInt(LARGEST_TRIAL) ** 2n);
});

test('counters add up over workers; the first dispatch is the earliest and the last answer the latest', () => {
  const [a, b, idle] = [new Tally(), new Tally(), new Tally()];
  for (const field of TALLY_FIELDS) {
    a.set(field, 5);
    b.set(field, 7);
  }
  const sum = sumTallies([a, b, idle]);
  for (const field of TALLY_FIELDS) {
    const expected =
      field === 'firstDispatchAtMs' ? 5 : field === 'lastSettledAtMs' || field === 'begunUpTo' ? 7 : 12;
    assert.equal(sum[field], expected, field);
  }
  assert.equal(sumTallies([]).ok, 0);
});

test('each failure is counted under its code and as a failure', () => {
  const [a, b] = [new Tally(), new Tally()];
  for (const code of FAILURE_CODES) a.addFailure(code);
  b.addFailure('aborted');
  const sum = sumTallies([a, b]);
  assert.equal(sum.failed, FAILURE_CODES.length + 1);
  for (const code of FAILURE_CODES) assert.equal(sum.failures[code], code === 'aborted' ? 2 : 1, code);
  assert.deepEqual(b.toData().failures, { aborted: 1 }, 'codes that did not occur are left out');
});

test('another thread reads what was written through the same memory', () => {
  const buffer = Tally.allocate();
  const writer = new Tally(buffer);
  const reader = new Tally(buffer);
  writer.add('ok', 3);
  writer.addFailure('dns');
  assert.deepEqual([reader.get('ok'), reader.get('failed'), reader.failureCount('dns')], [3, 1, 1]);
});
