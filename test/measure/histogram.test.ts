import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram, HISTOGRAM_ERROR_RATIO } from '../../src/measure/histogram.ts';
import { nearestRank } from '../helpers/nearest-rank.ts';

const US_MAX = 0xffff_ffff;
const anyUs = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.integer({ min: 1, max: 5_000_000 }),
  fc.integer({ min: 1, max: US_MAX }),
);

function histogramOf(valuesUs: readonly number[], buffer?: SharedArrayBuffer): Histogram {
  const histogram = new Histogram(buffer);
  for (const valueUs of valuesUs) histogram.recordMs(valueUs / 1e3);
  return histogram;
}

test('a percentile is never below the exact nearest rank, and above it by less than the stated error', () => {
  fc.assert(
    fc.property(
      fc.array(anyUs, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (valuesUs, ratio) => {
        const exactUs = nearestRank(valuesUs, ratio);
        const foundUs = (histogramOf(valuesUs).percentileMs(ratio) as number) * 1e3;
        assert.ok(foundUs >= exactUs - 1e-3, `expected ${exactUs} or more, got ${foundUs}`);
        assert.ok(foundUs <= exactUs * (1 + HISTOGRAM_ERROR_RATIO) + 1e-3, `${foundUs} for ${exactUs}`);
      },
    ),
  );
});

test('the largest value is the percentile 1, to the microsecond', () => {
  fc.assert(
    fc.property(fc.array(anyUs, { minLength: 1, maxLength: 50 }), (valuesUs) => {
      assert.equal(histogramOf(valuesUs).percentileMs(1), Math.max(...valuesUs) / 1e3);
    }),
  );
});

test('every bucket begins at its lower bound: no value is counted in a bucket above it', () => {
  fc.assert(
    fc.property(anyUs, (valueUs) => {
      const { buckets } = histogramOf([valueUs]).toData();
      assert.equal(buckets.length, 1);
      const [lowerUs, count] = buckets[0] as readonly [number, number];
      assert.equal(count, 1);
      assert.ok(lowerUs <= valueUs && valueUs < lowerUs * (1 + HISTOGRAM_ERROR_RATIO) + 1);
    }),
  );
});

test('parts merged are the same as all recorded in one', () => {
  fc.assert(
    fc.property(fc.array(fc.array(anyUs, { maxLength: 40 }), { maxLength: 5 }), (parts) => {
      const merged = new Histogram();
      for (const part of parts) merged.merge(histogramOf(part, Histogram.allocate()));
      assert.deepEqual(merged.toData(), histogramOf(parts.flat()).toData());
      assert.deepEqual(merged.percentiles(), histogramOf(parts.flat()).percentiles());
    }),
  );
});

test('counting from a time on counts what is at least that long, by whole buckets', () => {
  const histogram = histogramOf([1_000, 899_000, 1_000_000, 1_000_100, 3_000_000]);
  assert.equal(histogram.countFromMs(950), 3);
  assert.equal(histogram.countFromMs(2_000), 1);
  assert.equal(histogram.countFromMs(0), 5);
  assert.equal(histogram.countFromMs(1e9), 0);
});

test('an empty histogram has no figures rather than zeros', () => {
  const empty = { minMs: null, meanMs: null, p50Ms: null, p90Ms: null, p99Ms: null, p999Ms: null };
  assert.deepEqual(new Histogram().percentiles(), { count: 0, ...empty, maxMs: null });
  assert.equal(new Histogram().percentileMs(0.5), null);
});

test('the tail of a thousand is given from a thousand values on, not from 999', () => {
  const values = Array.from({ length: 999 }, (_, index) => index + 1);
  assert.equal(histogramOf(values).percentiles().p999Ms, null);
  // Of 1 … 1,000 us: 999, whose bucket 996 … 999 ends there.
  assert.equal(histogramOf([...values, 1000]).percentiles().p999Ms, 0.999);
});

test('figures of known values', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual(histogramOf(values).percentiles(), {
    count: 100,
    minMs: 0.001,
    meanMs: 0.0505,
    p50Ms: 0.05,
    p90Ms: 0.09,
    p99Ms: 0.099,
    p999Ms: null,
    maxMs: 0.1,
  });
});

test('what lies outside 1 us … 4,294 s is counted at the border', () => {
  const histogram = new Histogram();
  for (const valueMs of [0, 1e-9, 1e12]) histogram.recordMs(valueMs);
  assert.deepEqual(histogram.toData().buckets, [
    [1, 2],
    [4_278_190_080, 1],
  ]);
  assert.equal(histogram.percentiles().maxMs, US_MAX / 1e3);
});
