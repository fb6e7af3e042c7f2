// JSON answers to trials: objects whose `value` is the number. A server's answers differ only in the digits,
// so the shape of a parsed answer is kept and the bytes of the next one are compared with it.

const ZERO = 48;
const NINE = 57;
/** More digits than any trial number has. */
const MAX_DIGITS = 8;

export class AnswerShape {
  #before: Uint8Array = new Uint8Array(0);
  #after: Uint8Array = new Uint8Array(0);
  #isKnown = false;

  /** The value of `chunk[start, end)` where it has the known shape around canonical digits; else -1. */
  match(chunk: Uint8Array, start: number, end: number): number {
    if (!this.#isKnown) return -1;
    const before = this.#before;
    const after = this.#after;
    const first = start + before.length;
    const last = end - after.length;
    const digits = last - first;
    if (digits < 1 || digits > MAX_DIGITS) return -1;
    for (let index = 0; index < before.length; index++) if (chunk[start + index] !== before[index]) return -1;
    for (let index = 0; index < after.length; index++) if (chunk[last + index] !== after[index]) return -1;
    let value = 0;
    for (let at = first; at < last; at++) {
      const byte = chunk[at] as number;
      if (byte < ZERO || byte > NINE) return -1;
      value = value * 10 + (byte - ZERO);
    }
    return digits > 1 && chunk[first] === ZERO ? -1 : value;
  }

  /** The bytes that `match` took as `value`. */
  bytesOf(value: number): Uint8Array {
    return Buffer.concat([this.#before, Buffer.from(String(value), 'latin1'), this.#after]);
  }

  /**
   * Keeps the shape of `text`, whose value is `value`. Another field may have the same digits: those of the
   * value are found by putting other numbers in their place and parsing. Two numbers are tried, because the
   * first may be there already.
   */
  keep(text: string, value: number): void {
    const digits = String(value);
    for (let at = text.indexOf(digits); at >= 0; at = text.indexOf(digits, at + 1)) {
      const before = text.slice(0, at);
      const after = text.slice(at + digits.length);
      if (![8, 70_615_243].every((other) => valueOf(parseJson(`${before}${other}${after}`)) === other))
        continue;
      this.#before = Buffer.from(before);
      this.#after = Buffer.from(after);
      this.#isKnown = true;
      return;
    }
  }
}

/** Undefined where the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The field `value` of an object; undefined where there is none. */
export function valueOf(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, 'value'))
    return undefined;
  return (document as { value: unknown }).value;
}
