// Reads bytes that arrive in pieces in the portions that a record's format defines. Holds at most one head or one
// piece, however long the record.

/** Bytes that do not match the format. */
export class FormatProblem extends Error {}

/** Limit for the head of a record, with the fields of an answer in it. */
const MAX_HEAD_BYTES = 64 * 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export class ByteReader {
  readonly #source: AsyncIterator<Buffer> | Iterator<Buffer>;
  #held: Buffer = NOTHING;

  /** @param source pieces that do not change once they are yielded */
  constructor(source: AsyncIterable<Buffer> | Iterable<Buffer>) {
    this.#source =
      Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#held.length === 0) if (!(await this.#readOn())) return true;
    return false;
  }

  /** The next `count` bytes. @throws FormatProblem when there are fewer */
  async take(count: number): Promise<Buffer> {
    if (count > MAX_HEAD_BYTES) throw new FormatProblem(`a head of ${count} bytes is too long`);
    while (this.#held.length < count) await this.#need(`${count} more bytes`);
    return this.#cut(count);
  }

  /** The bytes up to and including `marker`. @throws FormatProblem when it does not come */
  async until(marker: string): Promise<Buffer> {
    for (let from = 0; ; ) {
      const at = this.#held.indexOf(marker, from, 'latin1');
      if (at !== -1) return this.#cut(at + marker.length);
      from = Math.max(0, this.#held.length - marker.length + 1);
      await this.#need(JSON.stringify(marker));
    }
  }

  /** The bytes up to and including the first one that `isLast` accepts. @throws FormatProblem when there is none */
  async untilByte(isLast: (byte: number) => boolean): Promise<Buffer> {
    for (let at = 0; ; at++) {
      if (at === this.#held.length) await this.#need('the rest of its head');
      if (isLast(this.#held[at] as number)) return this.#cut(at + 1);
    }
  }

  /** The next `count` bytes in pieces. @throws FormatProblem when there are fewer */
  async *pieces(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (await this.isAtEnd()) throw new FormatProblem(`expected ${left} more bytes, found its end`);
      const piece = this.#cut(Math.min(left, this.#held.length));
      left -= piece.length;
      yield piece;
    }
  }

  /** Whatever has arrived, at least a byte. @throws FormatProblem at the end */
  async some(): Promise<Buffer> {
    if (this.#held.length === 0) await this.#need('more of the body');
    return this.#cut(this.#held.length);
  }

  /** Puts back the last bytes that were taken. */
  putBack(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([bytes, this.#held]);
  }

  /** @throws FormatProblem when anything is left */
  async expectEnd(): Promise<void> {
    if (!(await this.isAtEnd())) throw new FormatProblem('more follows than belongs to it');
  }

  #cut(count: number): Buffer {
    const bytes = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return bytes;
  }

  async #need(what: string): Promise<void> {
    if (this.#held.length > MAX_HEAD_BYTES) throw new FormatProblem(`expected ${what}, found none in 64 MiB`);
    if (!(await this.#readOn())) throw new FormatProblem(`expected ${what}, found its end`);
  }

  async #readOn(): Promise<boolean> {
    const { value, done } = await this.#source.next();
    if (done === true) return false;
    const piece = value;
    this.#held = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    return true;
  }
}
