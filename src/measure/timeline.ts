// Answers over time: a lost SYN shows as a step one, three or seven seconds late, a stall as a gap.

import type { TimelineData } from '../model/record.ts';

const BUCKET_COUNT = 2048;
const FIRST_WIDTH_MS = 10;
const WIDTH = BUCKET_COUNT;
const CELL_COUNT = BUCKET_COUNT + 1;

/**
 * Counts of events in buckets of equal width since the start; the width doubles when a run outgrows the buckets.
 * One writer; 16 KB of memory that threads may share, whatever the run's length.
 */
export class Timeline {
  readonly #cells: Float64Array;
  readonly #startMs: number;

  /** @param startMs zero of the time axis, the same for every part that is to be merged */
  constructor(startMs: number, buffer: SharedArrayBuffer = Timeline.allocate()) {
    this.#startMs = startMs;
    this.#cells = new Float64Array(buffer);
    if (this.#cells[WIDTH] === 0) this.#cells[WIDTH] = FIRST_WIDTH_MS;
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CELL_COUNT * 8);
  }

  record(atMs: number): void {
    const cells = this.#cells;
    let bucket = Math.max(0, Math.floor((atMs - this.#startMs) / (cells[WIDTH] as number)));
    while (bucket >= BUCKET_COUNT) {
      this.#doubleWidth();
      bucket >>>= 1;
    }
    cells[bucket] = (cells[bucket] as number) + 1;
  }

  #doubleWidth(): void {
    const cells = this.#cells;
    for (let bucket = 0; bucket < BUCKET_COUNT; bucket++) {
      const source = 2 * bucket;
      cells[bucket] = source < BUCKET_COUNT ? (cells[source] as number) + (cells[source + 1] as number) : 0;
    }
    cells[WIDTH] = (cells[WIDTH] as number) * 2;
  }

  toData(): TimelineData {
    const counts = [...this.#cells.subarray(0, BUCKET_COUNT)];
    while (counts.length > 0 && counts.at(-1) === 0) counts.pop();
    return { bucketMs: this.#cells[WIDTH] as number, counts };
  }
}

/** One timeline of several, at the coarsest width among them (widths differ by powers of two). */
export function mergeTimelines(parts: readonly TimelineData[]): TimelineData {
  const bucketMs = Math.max(FIRST_WIDTH_MS, ...parts.map((part) => part.bucketMs));
  const counts: number[] = [];
  for (const part of parts) {
    const ratio = bucketMs / part.bucketMs;
    for (const [bucket, count] of part.counts.entries()) {
      const target = Math.floor(bucket / ratio);
      counts[target] = (counts[target] ?? 0) + count;
    }
  }
  return { bucketMs, counts: Array.from(counts, (count) => count ?? 0) };
}
