// Names given to files of a run, over all workers, in fixed memory, so that `a.txt` and `A.TXT`, or the same last
// segment of two URLs, never overwrite one another on any file system. A set of 64-bit prints (hashes) in shared
// memory; two names with the same print cost a needless suffix, never a file.

import { hash64 } from '../../model/hash64.ts';

const ASCII = /^[ -~]*$/u;

/** Two names with the same form are equal on the least discerning file system: NFC, case folded. */
function foldName(path: string): string {
  if (ASCII.test(path)) return path.toLowerCase();
  return path.normalize('NFC').toUpperCase().toLowerCase();
}

/** `full`: not taken, but there is no room left to remember it. */
export type Claim = 'free' | 'taken' | 'full';

/** Cells in a region: a count, then slots. A region holds the names of one directory at a time. */
const REGION_CELLS = 1 << 14;
const MAX_FILL_RATIO = 0.8;

export class NameClaims {
  /** In each region, cell 0 counts its claims; a slot of 0 is free. */
  readonly #cells: BigInt64Array;
  readonly #regionCells: number;
  readonly #regionCount: number;
  /** Above this fill level, probing takes long. */
  readonly #maxClaims: bigint;

  /** @param buffer zeroed memory of at least 64 bytes, the same for every worker of a run */
  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new BigInt64Array(buffer);
    this.#regionCells = Math.min(REGION_CELLS, this.#cells.length);
    this.#regionCount = Math.floor(this.#cells.length / this.#regionCells);
    this.#maxClaims = BigInt(Math.floor((this.#regionCells - 1) * MAX_FILL_RATIO));
  }

  /**
   * Claims `path` if it is free.
   * @param part number of the directory it is in: names of one part lie together in memory, so a short run touches
   *   little of it
   */
  claim(path: string, part: number): Claim {
    const [high, low] = hash64(foldName(path));
    // The cells are signed.
    const print = (BigInt(high | 0) << 32n) | BigInt(low) || 1n;
    const region = (part % this.#regionCount) * this.#regionCells;
    const slotCount = this.#regionCells - 1;
    const isFull = Atomics.load(this.#cells, region) >= this.#maxClaims;
    for (let probe = low; ; probe++) {
      const cell = region + 1 + (probe % slotCount);
      const found = isFull
        ? Atomics.load(this.#cells, cell)
        : Atomics.compareExchange(this.#cells, cell, 0n, print);
      if (found === print) return 'taken';
      if (found !== 0n) continue;
      if (isFull) return 'full';
      Atomics.add(this.#cells, region, 1n);
      return 'free';
    }
  }
}
