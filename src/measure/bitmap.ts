// One bit for each trial in memory that threads share, so that what is settled survives the thread that
// settled it.

/** A set of trial numbers `0 … size-1`. Setting is atomic, so two threads may write to the same word. */
export class Bitmap {
  readonly size: number;
  readonly #words: Int32Array;

  constructor(size: number, buffer: SharedArrayBuffer = Bitmap.allocate(size)) {
    this.size = size;
    this.#words = new Int32Array(buffer);
  }

  static allocate(size: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Math.max(1, Math.ceil(size / 32)) * 4);
  }

  /** Bits from bytes, least significant bit first, as the mock server's `/stats` sends them. */
  static fromBytes(bytes: Uint8Array, size: number): Bitmap {
    const bitmap = new Bitmap(size);
    const target = new Uint8Array(bitmap.#words.buffer);
    target.set(bytes.subarray(0, target.length));
    return bitmap;
  }

  /** Adds `index`. Returns true when it was not in the set before. */
  add(index: number): boolean {
    const bit = 1 << (index & 31);
    return (Atomics.or(this.#words, index >>> 5, bit) & bit) === 0;
  }

  /** Adds every number of another set of the same size. */
  addAll(other: Bitmap): void {
    for (const [index, word] of other.#words.entries()) Atomics.or(this.#words, index, word);
  }

  has(index: number): boolean {
    return (((this.#words[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
  }

  get count(): number {
    let count = 0;
    for (let word of this.#words) {
      word -= (word >>> 1) & 0x5555_5555;
      word = (word & 0x3333_3333) + ((word >>> 2) & 0x3333_3333);
      count += (((word + (word >>> 4)) & 0x0f0f_0f0f) * 0x0101_0101) >>> 24;
    }
    return count;
  }

  /** The first `limit` numbers of `0 … size-1` for which `pick(isInThis, isInOther)` holds. */
  differences(other: Bitmap, pick: (here: boolean, there: boolean) => boolean, limit: number): number[] {
    const found: number[] = [];
    for (let index = 0; index < this.size && found.length < limit; index++) {
      if (pick(this.has(index), other.has(index))) found.push(index);
    }
    return found;
  }
}
