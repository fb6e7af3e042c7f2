import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Range } from '../../../src/model/split.ts';
import { TrialQueue } from '../../../src/workers/trial/trial-queue.ts';

const anyRanges = fc.array(fc.tuple(fc.nat(5), fc.nat(6)), { maxLength: 8 }).map((steps) => {
  let at = 0;
  return steps.map(([gap, length]): Range => {
    const start = at + gap;
    at = start + length;
    return { start, end: at };
  });
});

function members(ranges: readonly Range[]): number[] {
  return ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, step) => start + step));
}

function takeAll(queue: TrialQueue): number[] {
  const taken: number[] = [];
  for (let trial = queue.take(false); trial >= 0; trial = queue.take(false)) taken.push(trial);
  return taken;
}

test('every trial of the ranges is given once and in order, empty ranges or not', () => {
  fc.assert(
    fc.property(anyRanges, (ranges) => {
      const queue = new TrialQueue(ranges);
      assert.equal(queue.hasNext, members(ranges).length > 0);
      assert.deepEqual(takeAll(queue), members(ranges));
      assert.equal(queue.hasNext, false);
      assert.equal(queue.take(false), -1);
    }),
  );
});

test('what is put back is given again, each as often as it came back', () => {
  fc.assert(
    fc.property(anyRanges, fc.array(fc.nat(50)), (ranges, back) => {
      const queue = new TrialQueue(ranges);
      for (const trial of back) queue.putBack(trial);
      const sorted = (trials: readonly number[]) => [...trials].sort((a, b) => a - b);
      assert.deepEqual(sorted(takeAll(queue)), sorted([...members(ranges), ...back]));
    }),
  );
});

test('what is handed over goes to the fallback alone', () => {
  const queue = new TrialQueue([{ start: 0, end: 1 }]);
  queue.handOver(7);
  assert.equal(queue.hasHandedOver, true);
  assert.equal(queue.take(false), 0);
  assert.equal(queue.take(false), -1);
  assert.equal(queue.hasNext, false);
  assert.equal(queue.take(true), 7);
  assert.equal(queue.take(true), -1);
  assert.equal(queue.hasHandedOver, false);
});
