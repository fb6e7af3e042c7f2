// The latencies of several rounds as one curve. Histograms are added; percentiles are never averaged.

import { HISTOGRAM_ERROR_RATIO } from '../../measure/histogram.ts';
import type { HistogramData } from '../../model/record.ts';

/** A share of all answers, as nines, and the largest latency within it. */
export interface CurvePoint {
  /** `-log10(1 - share)`: 1 is 90 %, 2 is 99 %. */
  readonly nines: number;
  readonly valueMs: number;
}

/** Smaller than the resolution of the recorded buckets (a 128th), so that the curve adds no steps of its own. */
const STEP_RATIO = 1.004;

/**
 * The curve in steps from the smallest to the largest latency. It ends where the samples end: with 1,000 of
 * them at 99.9 %. Empty without samples.
 */
export function percentileCurve(parts: readonly HistogramData[]): CurvePoint[] {
  const counts = new Map<number, number>();
  let total = 0;
  let maxUs = 0;
  for (const part of parts) {
    maxUs = Math.max(maxUs, part.maxUs);
    for (const [lowerUs, count] of part.buckets) {
      counts.set(lowerUs, (counts.get(lowerUs) ?? 0) + count);
      total += count;
    }
  }
  const points: CurvePoint[] = [];
  let seen = 0;
  let lastMs = 0;
  for (const [lowerUs, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    const isLast = seen + count === total;
    const valueMs = Math.min(isLast ? maxUs : upperUs(lowerUs), maxUs) / 1e3;
    const from = nines(seen / total, total);
    seen += count;
    if (valueMs > lastMs * STEP_RATIO || isLast) {
      points.push({ nines: from, valueMs });
      lastMs = valueMs;
    }
    points.push({ nines: nines(seen / total, total), valueMs: lastMs });
  }
  return points;
}

/** The largest value of a bucket, which is how the tables read percentiles too. */
function upperUs(lowerUs: number): number {
  return lowerUs + Math.max(1, 2 ** Math.floor(Math.log2(Math.max(lowerUs, 1))) * HISTOGRAM_ERROR_RATIO) - 1;
}

function nines(share: number, total: number): number {
  return Math.min(-Math.log10(Math.max(1 - share, 1 / total / 2)), Math.log10(Math.max(total, 1)));
}
