// Records exactly which numbers were answered: the set, how many, their sum and their sum of squares. No I/O.

/** Squares are first added here: each is below 2^52, so this part stays an exact integer. */
const SPILL = 2 ** 52;

/** A tally of numbers 0..size-1. It takes two bits a number, whatever is added. */
export class NumberTally {
  /** Bit n (bit n % 8 of byte n >> 3) is set when n was added. */
  readonly seen: Uint8Array;
  /** The same bitmap for numbers added more than once. */
  readonly repeated: Uint8Array;
  #hasRepeated = false;
  #sum = 0;
  #sumHigh = 0n;
  #squares = 0;
  #squaresHigh = 0n;

  /** @param size at most 2^26 */
  constructor(size: number) {
    this.seen = new Uint8Array(Math.ceil(size / 8));
    this.repeated = new Uint8Array(this.seen.length);
  }

  add(number: number): void {
    const index = number >> 3;
    const bit = 1 << (number & 7);
    const byte = this.seen[index] as number;
    if ((byte & bit) === 0) {
      this.seen[index] = byte | bit;
    } else {
      this.repeated[index] = (this.repeated[index] as number) | bit;
      this.#hasRepeated = true;
    }
    this.#sum += number;
    if (this.#sum >= SPILL) {
      this.#sumHigh += BigInt(this.#sum);
      this.#sum = 0;
    }
    this.#squares += number * number;
    if (this.#squares >= SPILL) {
      this.#squaresHigh += BigInt(this.#squares);
      this.#squares = 0;
    }
  }

  get hasRepeated(): boolean {
    return this.#hasRepeated;
  }

  get sum(): bigint {
    return this.#sumHigh + BigInt(this.#sum);
  }

  get sumOfSquares(): bigint {
    return this.#squaresHigh + BigInt(this.#squares);
  }

  reset(): void {
    this.seen.fill(0);
    this.repeated.fill(0);
    this.#hasRepeated = false;
    this.#sum = 0;
    this.#sumHigh = 0n;
    this.#squares = 0;
    this.#squaresHigh = 0n;
  }
}

/** How many bits are set. */
export function countBits(bitmap: Uint8Array): number {
  let count = 0;
  for (const byte of bitmap) {
    let bits = byte - ((byte >> 1) & 0x55);
    bits = (bits & 0x33) + ((bits >> 2) & 0x33);
    count += (bits + (bits >> 4)) & 0x0f;
  }
  return count;
}
