import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mergeTimelines, Timeline } from '../../src/measure/timeline.ts';

const START_MS = 5_000;
const anyTimes = fc.array(
  fc.oneof(
    fc.double({ min: 0, max: 20_000, noNaN: true }),
    fc.double({ min: 0, max: 10_000_000, noNaN: true }),
  ),
  { maxLength: 60 },
);

function timelineOf(times: readonly number[]): Timeline {
  const timeline = new Timeline(START_MS);
  for (const time of times) timeline.record(START_MS + time);
  return timeline;
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

test('widening keeps every event, in the bucket that its time falls into at the final width', () => {
  fc.assert(
    fc.property(anyTimes, (times) => {
      const { bucketMs, counts } = timelineOf(times).toData();
      const expected: number[] = [];
      for (const time of times) {
        const bucket = Math.floor((START_MS + time - START_MS) / bucketMs);
        expected[bucket] = (expected[bucket] ?? 0) + 1;
      }
      assert.deepEqual(
        counts,
        Array.from(expected, (count) => count ?? 0),
      );
      assert.ok(Number.isInteger(Math.log2(bucketMs / 10)), 'widths double from 10 ms');
    }),
  );
});

test('buckets widen only when a run outgrows 2,048 of them', () => {
  assert.equal(timelineOf([20_479]).toData().bucketMs, 10);
  assert.equal(timelineOf([20_480]).toData().bucketMs, 20);
  assert.equal(timelineOf([0, 3_600_000]).toData().bucketMs, 2_560);
});

test('an event before the start counts as one at the start', () => {
  assert.deepEqual(timelineOf([-5]).toData().counts, [1]);
});

test('parts of any widths merge to one with every event at the coarsest width', () => {
  fc.assert(
    fc.property(fc.array(anyTimes, { maxLength: 4 }), (parts) => {
      const merged = mergeTimelines(parts.map((part) => timelineOf(part).toData()));
      assert.deepEqual(merged, timelineOf(parts.flat()).toData());
      assert.equal(total(merged.counts), parts.flat().length);
    }),
  );
});

test('a thread that takes over the memory of another keeps its width and counts', () => {
  const buffer = Timeline.allocate();
  const first = new Timeline(START_MS, buffer);
  first.record(START_MS + 30_000);
  const second = new Timeline(START_MS, buffer);
  second.record(START_MS + 30_000);
  const { bucketMs, counts } = second.toData();
  assert.equal(bucketMs, 20);
  assert.equal(counts[1_500], 2);
});
