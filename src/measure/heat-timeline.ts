// Latencies over time: how many answers of each magnitude came in each slice of a run, for a picture of
// bands. Slices double in width when a run outgrows them, so that memory stays the same for any length.

import type { HeatData } from '../model/load/load-record.ts';

const SLICE_COUNT = 256;
const FIRST_WIDTH_MS = 100;
/** Four bands an octave from 16 us on: 2^(4 + band / 4) us; the last holds all that is longer, over 4,000 s. */
const BANDS_PER_OCTAVE = 4;
const FIRST_OCTAVE = 4;
const BAND_COUNT = 28 * BANDS_PER_OCTAVE;
const WIDTH = SLICE_COUNT * BAND_COUNT;

export class HeatTimeline {
  readonly #counts: Float64Array;

  constructor(buffer: SharedArrayBuffer = HeatTimeline.allocate()) {
    this.#counts = new Float64Array(buffer);
    if (this.#counts[WIDTH] === 0) this.#counts[WIDTH] = FIRST_WIDTH_MS;
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer((WIDTH + 1) * 8);
  }

  /** @param atMs since the start */
  record(atMs: number, latencyMs: number): void {
    const counts = this.#counts;
    let slice = Math.max(0, Math.floor(atMs / (counts[WIDTH] as number)));
    while (slice >= SLICE_COUNT) {
      this.#doubleWidth();
      slice >>>= 1;
    }
    const at = slice * BAND_COUNT + bandOf(latencyMs);
    counts[at] = (counts[at] as number) + 1;
  }

  #doubleWidth(): void {
    const counts = this.#counts;
    for (let slice = 0; slice < SLICE_COUNT; slice++) {
      for (let band = 0; band < BAND_COUNT; band++) {
        const source = 2 * slice * BAND_COUNT + band;
        counts[slice * BAND_COUNT + band] =
          2 * slice < SLICE_COUNT ? (counts[source] as number) + (counts[source + BAND_COUNT] as number) : 0;
      }
    }
    counts[WIDTH] = (counts[WIDTH] as number) * 2;
  }

  toData(): HeatData {
    const slices: [slice: number, band: number, count: number][] = [];
    for (let at = 0; at < WIDTH; at++) {
      const count = this.#counts[at] as number;
      if (count > 0) slices.push([Math.floor(at / BAND_COUNT), at % BAND_COUNT, count]);
    }
    return { sliceMs: this.#counts[WIDTH] as number, slices };
  }
}

/** Merges the pictures of several workers, at the coarsest width among them (widths differ by powers of two). */
export function mergeHeat(parts: readonly HeatData[]): HeatData {
  const sliceMs = Math.max(FIRST_WIDTH_MS, ...parts.map((part) => part.sliceMs));
  const counts = new Map<number, number>();
  for (const part of parts) {
    for (const [slice, band, count] of part.slices) {
      const at = Math.floor((slice * part.sliceMs) / sliceMs) * BAND_COUNT + band;
      counts.set(at, (counts.get(at) ?? 0) + count);
    }
  }
  const slices = [...counts]
    .sort(([a], [b]) => a - b)
    .map(([at, count]): [number, number, number] => [Math.floor(at / BAND_COUNT), at % BAND_COUNT, count]);
  return { sliceMs, slices };
}

function bandOf(latencyMs: number): number {
  const octaves = Math.log2(Math.max(latencyMs * 1e3, 1)) - FIRST_OCTAVE;
  return Math.min(BAND_COUNT - 1, Math.max(0, Math.floor(octaves * BANDS_PER_OCTAVE)));
}
