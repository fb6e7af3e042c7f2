// Names that files of a run have been given, over all workers, in fixed memory: so that `a.txt` and `A.TXT`, or the
// same last segment of two URLs, never overwrite one another on any file system. A set of 64-bit prints in shared
// memory; two names with one print cost a needless suffix, never a file.

import { hash } from 'node:crypto';

/** The form in which two names are one on the least discerning file system: NFC, upper case folded. */
function foldName(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase();
}

/** `full`: not taken, but there is no room to remember it either. */
export type Claim = 'free' | 'taken' | 'full';

export class NameClaims {
  /** Cell 0 counts the claims, the rest are slots; 0 marks a free one. */
  readonly #cells: BigInt64Array;
  readonly #slotCount: number;
  /** Above this fill the probing gets long. */
  readonly #maxClaims: bigint;

  /** @param buffer zeroed memory of at least 64 bytes, the same for every worker of a run */
  constructor(buffer: SharedArrayBuffer) {
    this.#cells = new BigInt64Array(buffer);
    this.#slotCount = this.#cells.length - 1;
    this.#maxClaims = BigInt(Math.floor(this.#slotCount * 0.8));
  }

  /** Takes `path` if nobody has it. */
  claim(path: string): Claim {
    const digest = hash('md5', foldName(path), 'buffer');
    const print = digest.readBigInt64LE(0) || 1n;
    const isFull = Atomics.load(this.#cells, 0) >= this.#maxClaims;
    for (let probe = digest.readUInt32LE(8); ; probe++) {
      const cell = 1 + (probe % this.#slotCount);
      const found = isFull
        ? Atomics.load(this.#cells, cell)
        : Atomics.compareExchange(this.#cells, cell, 0n, print);
      if (found === print) return 'taken';
      if (found !== 0n) continue;
      if (isFull) return 'full';
      Atomics.add(this.#cells, 0, 1n);
      return 'free';
    }
  }
}
