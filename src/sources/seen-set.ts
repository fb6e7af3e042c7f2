// URLs seen so far, in bounded memory: a print (hash) of each one in an open-addressing table that doubles up to a
// limit. Beyond the limit nothing is skipped any more, and the set says so.

import { hash } from 'node:crypto';
import { hash64 } from '../model/hash64.ts';

const WORDS = 4;
const FIRST_SLOT_COUNT = 1 << 12;
const MAX_FILL_RATIO = 0.75;

export type Seen = 'new' | 'seen' | 'full';

export class SeenSet {
  readonly #maxCount: number;
  #slotCount = FIRST_SLOT_COUNT;
  #words = new Uint32Array(FIRST_SLOT_COUNT * WORDS);
  #count = 0;
  readonly #key = new Uint32Array(WORDS);
  readonly #isExact: boolean;

  /**
   * @param maxCount URLs it may remember; needs up to 43 bytes each, and twice that for a moment while it grows
   * @param isExact true: prints are 16 bytes of SHA-256. Two different URLs share one in 1 of 10^24 lists of ten
   *   million, so none is skipped wrongly. false: prints are 8 bytes, at a tenth of the cost and good enough for a
   *   count: two URLs share one in 1 of 180,000 such lists, or if somebody constructs them. @default true
   */
  constructor(maxCount: number, isExact = true) {
    this.#maxCount = maxCount;
    this.#isExact = isExact;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#maxCount;
  }

  /** `seen` when `url` was added before; `new` when it is added now; `full` when there is no room to add it. */
  add(url: string): Seen {
    const key = this.#key;
    if (this.#isExact) {
      const print = hash('sha256', url, 'buffer');
      for (let word = 0; word < WORDS; word++) key[word] = print.readUInt32LE(word * 4);
    } else {
      [key[0], key[1]] = hash64(url);
    }
    // A zero in the first word marks a free slot.
    key[0] = (key[0] as number) | 1;
    const slot = this.#find(key);
    if (this.#words[slot] !== 0) return 'seen';
    if (this.isFull) return 'full';
    this.#words.set(key, slot);
    this.#count++;
    if (this.#count > this.#slotCount * MAX_FILL_RATIO) this.#grow();
    return 'new';
  }

  /** The slot of `key`, or the free slot where it belongs. */
  #find(key: Uint32Array): number {
    const words = this.#words;
    for (let probe = key[1] as number; ; probe++) {
      const slot = (probe % this.#slotCount) * WORDS;
      if (words[slot] === 0) return slot;
      if (
        words[slot] === key[0] &&
        words[slot + 1] === key[1] &&
        words[slot + 2] === key[2] &&
        words[slot + 3] === key[3]
      ) {
        return slot;
      }
    }
  }

  #grow(): void {
    const before = this.#words;
    this.#slotCount *= 2;
    this.#words = new Uint32Array(this.#slotCount * WORDS);
    for (let slot = 0; slot < before.length; slot += WORDS) {
      if (before[slot] === 0) continue;
      const key = before.subarray(slot, slot + WORDS);
      this.#words.set(key, this.#find(key));
    }
  }
}
