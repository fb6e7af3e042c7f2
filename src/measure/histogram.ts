// Latencies of a whole run in a fixed 26 KB: log-linear buckets (HdrHistogram's idea, with 7 bits of precision)
// in shared memory, so that nothing is lost when a worker dies, and threads and processes merge by adding.

import type { HistogramData, Percentiles } from '../model/record.ts';

/** Values are in microseconds, 1 us … 4,294 s; values outside count at the border. */
const PRECISION_BITS = 7;
const SUB_BUCKETS = 1 << PRECISION_BITS;
const MAX_VALUE = 0xffff_ffff;
const BUCKET_COUNT = (32 - PRECISION_BITS) * SUB_BUCKETS + SUB_BUCKETS;
const SUM = BUCKET_COUNT;
const MAX = BUCKET_COUNT + 1;
const MIN = BUCKET_COUNT + 2;
const CELL_COUNT = BUCKET_COUNT + 3;

/** The largest relative error of a percentile, always upwards: the width of a bucket over its lower bound. */
export const HISTOGRAM_ERROR_RATIO = 1 / SUB_BUCKETS;

function bucketOf(valueUs: number): number {
  if (valueUs < SUB_BUCKETS) return valueUs;
  const shift = 31 - PRECISION_BITS - Math.clz32(valueUs);
  return shift * SUB_BUCKETS + (valueUs >>> shift);
}

function lowerBoundOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - shift * SUB_BUCKETS) * 2 ** shift;
}

/** A histogram over memory that threads may share. Each has one writer; any thread may read or merge. */
export class Histogram {
  readonly #cells: Float64Array;

  /** @param buffer from `Histogram.allocate`; a private one when left out */
  constructor(buffer: SharedArrayBuffer | ArrayBuffer = new ArrayBuffer(CELL_COUNT * 8)) {
    this.#cells = new Float64Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CELL_COUNT * 8);
  }

  /** Counts one latency given in milliseconds. A value below 1 us counts as 1 us. */
  recordMs(valueMs: number): void {
    const valueUs = Math.min(Math.max(Math.round(valueMs * 1e3), 1), MAX_VALUE);
    const cells = this.#cells;
    const bucket = bucketOf(valueUs);
    cells[bucket] = (cells[bucket] as number) + 1;
    cells[SUM] = (cells[SUM] as number) + valueUs;
    if (valueUs > (cells[MAX] as number)) cells[MAX] = valueUs;
    if (cells[MIN] === 0 || valueUs < (cells[MIN] as number)) cells[MIN] = valueUs;
  }

  merge(other: Histogram): void {
    const cells = this.#cells;
    const more = other.#cells;
    for (let cell = 0; cell <= SUM; cell++) cells[cell] = (cells[cell] as number) + (more[cell] as number);
    cells[MAX] = Math.max(cells[MAX] as number, more[MAX] as number);
    const least = more[MIN] as number;
    if (least > 0 && (cells[MIN] === 0 || least < (cells[MIN] as number))) cells[MIN] = least;
  }

  /** Adds a stored histogram: percentiles of several rounds come from one histogram, never from a mean. */
  addData(data: HistogramData): void {
    const cells = this.#cells;
    for (const [lowerUs, count] of data.buckets) {
      const bucket = bucketOf(lowerUs);
      cells[bucket] = (cells[bucket] as number) + count;
    }
    cells[SUM] = (cells[SUM] as number) + data.sumUs;
    cells[MAX] = Math.max(cells[MAX] as number, data.maxUs);
    if (data.count > 0 && (cells[MIN] === 0 || data.minUs < (cells[MIN] as number))) cells[MIN] = data.minUs;
  }

  /**
   * What was recorded since `before`, an earlier copy of this histogram, was taken; its largest value is a
   * bucket's bound.
   */
  since(before: Histogram): Histogram {
    const recent = new Histogram();
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const count = (this.#cells[bucket] as number) - (before.#cells[bucket] as number);
      if (count <= 0) continue;
      recent.#cells[bucket] = count;
      recent.#cells[MAX] = Math.min(lowerBoundOf(bucket + 1) - 1, this.#cells[MAX] as number);
      if (recent.#cells[MIN] === 0) recent.#cells[MIN] = lowerBoundOf(bucket);
    }
    recent.#cells[SUM] = (this.#cells[SUM] as number) - (before.#cells[SUM] as number);
    return recent;
  }

  get count(): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) count += this.#cells[bucket] as number;
    return count;
  }

  /** How many values were `valueMs` or more, by whole buckets. */
  countFromMs(valueMs: number): number {
    const first = bucketOf(Math.min(Math.max(Math.round(valueMs * 1e3), 1), MAX_VALUE));
    let count = 0;
    for (let bucket = first; bucket < BUCKET_COUNT; bucket++) count += this.#cells[bucket] as number;
    return count;
  }

  /**
   * The smallest recorded value that at least `ratio` of all values do not exceed (nearest rank), by the upper
   * bound of its bucket and never above the largest value; null without values.
   */
  percentileMs(ratio: number): number | null {
    const count = this.count;
    if (count === 0) return null;
    const rank = Math.max(1, Math.ceil(ratio * count - 1e-9));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      seen += this.#cells[bucket] as number;
      if (seen >= rank) {
        const upperUs = lowerBoundOf(bucket + 1) - 1;
        return Math.min(upperUs, this.#cells[MAX] as number) / 1e3;
      }
    }
    return (this.#cells[MAX] as number) / 1e3;
  }

  percentiles(): Percentiles {
    const count = this.count;
    const inMs = (us: number) => (count === 0 ? null : us / 1e3);
    return {
      count,
      minMs: inMs(this.#cells[MIN] as number),
      meanMs: inMs((this.#cells[SUM] as number) / Math.max(count, 1)),
      p50Ms: this.percentileMs(0.5),
      p90Ms: this.percentileMs(0.9),
      p99Ms: this.percentileMs(0.99),
      p999Ms: count >= 1000 ? this.percentileMs(0.999) : null,
      maxMs: inMs(this.#cells[MAX] as number),
    };
  }

  toData(): HistogramData {
    const buckets: [number, number][] = [];
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const count = this.#cells[bucket] as number;
      if (count > 0) buckets.push([lowerBoundOf(bucket), count]);
    }
    return {
      unit: 'us',
      count: this.count,
      minUs: this.#cells[MIN] as number,
      maxUs: this.#cells[MAX] as number,
      sumUs: this.#cells[SUM] as number,
      buckets,
    };
  }
}
