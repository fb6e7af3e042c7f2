// Percentiles as text, in the form that HdrHistogram's `outputPercentileDistribution` has and its plotters read.

import type { HistogramData } from '../model/record.ts';

/** Rows for each halving of the distance to 100 %. */
const TICKS_PER_HALF = 5;

/** @returns values in milliseconds with their percentile, the count up to it and 1 / (1 - percentile) */
export function hdrText({ buckets, count, sumUs, maxUs }: HistogramData): string {
  const lines = ['       Value     Percentile TotalCount 1/(1-Percentile)', ''];
  let seen = 0;
  let next = 0;
  for (const [at, [, inBucket]] of buckets.entries()) {
    seen += inBucket;
    const ratio = seen / count;
    if (ratio < next && at < buckets.length - 1) continue;
    // The values of a bucket are counted at its upper end, as everywhere in this program.
    const upperUs = at < buckets.length - 1 ? upperOf(buckets, at) : maxUs;
    const inverse = ratio < 1 ? (1 / (1 - ratio)).toFixed(2) : '';
    lines.push(
      `${(upperUs / 1e3).toFixed(3).padStart(12)} ${ratio.toFixed(12).padStart(14)} ${String(seen).padStart(10)} ${inverse.padStart(14)}`.trimEnd(),
    );
    next = nextTick(ratio);
  }
  const meanMs = count === 0 ? 0 : sumUs / count / 1e3;
  lines.push(
    `#[Mean    = ${meanMs.toFixed(3).padStart(12)}, Max     = ${(maxUs / 1e3).toFixed(3).padStart(12)}]`,
    `#[Total count    = ${String(count).padStart(12)}]`,
    '',
  );
  return lines.join('\n');
}

/** The first tick after a percentile, with `TICKS_PER_HALF` ticks for each halving of the distance to 1. */
function nextTick(ratio: number): number {
  if (ratio >= 1) return 1;
  const halvings = Math.floor(-Math.log2(1 - ratio));
  const left = 2 ** -halvings;
  const step = left / 2 / TICKS_PER_HALF;
  return Math.min(1, 1 - left + (Math.floor((ratio - (1 - left)) / step) + 1) * step);
}

/** The last value that falls into a bucket, with 7 bits of precision (`measure/histogram`). */
function upperOf(buckets: HistogramData['buckets'], at: number): number {
  const [lowerUs] = buckets[at] as readonly [number, number];
  const widthUs = lowerUs < 256 ? 1 : 2 ** (Math.floor(Math.log2(lowerUs)) - 7);
  return lowerUs + widthUs - 1;
}
