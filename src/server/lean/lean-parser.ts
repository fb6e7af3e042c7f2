// Parses `GET /:n HTTP/1.1` from bytes, only in its strict and common form. Anything else is not judged here:
// it goes to a full HTTP parser with all its bytes. Pure.

/** The bytes so far are the beginning of such a request. */
export const NEEDS_MORE = -1;
/** The bytes are not such a request, or one that needs more care than this parser takes. */
export const NOT_LEAN = -2;

/** A longer header section goes to the full parser, which has its own limit. */
const MAX_FIELDS_BYTES = 4096;
const MAX_DIGITS = 8;

const START = Buffer.from('GET /', 'latin1');
const VERSION = Buffer.from(' HTTP/1.1\r\n', 'latin1');
const CR = 13;
const LF = 10;
const COLON = 58;

/** tchar of RFC 9110 section 5.6.2. */
const TOKEN = new Uint8Array(256);
for (const char of "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  TOKEN[char.charCodeAt(0)] = 1;
}

/** Fields that announce a body, another protocol, or a wish that the lean server does not serve. */
const CARE_FIELDS: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'trailer',
  'expect',
  'upgrade',
  'proxy-connection',
]);

export class LeanParser {
  /** The number in the request that `parse` read last. */
  number = 0;
  /** The header section that was last found valid: a client sends the same one again and again. */
  #known: Uint8Array = new Uint8Array(0);

  /** @returns the index after the request that starts at `start`, or NEEDS_MORE, or NOT_LEAN */
  parse(bytes: Uint8Array, start: number, end: number): number {
    const digits = skip(START, bytes, start, end);
    if (digits < 0) return digits;
    let at = digits;
    let value = 0;
    for (; at < end; at += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) break;
      if (at - digits === MAX_DIGITS) return NOT_LEAN;
      value = value * 10 + digit;
    }
    if (at === end) return NEEDS_MORE;
    if (at === digits || (at - digits > 1 && bytes[digits] === 48)) return NOT_LEAN;
    this.number = value;
    const fields = skip(VERSION, bytes, at, end);
    if (fields < 0) return fields;
    return this.#parseFields(bytes, fields, end);
  }

  #parseFields(bytes: Uint8Array, start: number, end: number): number {
    const known = this.#known;
    const { length } = known;
    if (length > 0 && end - start >= length) {
      let index = 0;
      while (index < length && bytes[start + index] === known[index]) index++;
      // The known section ends with the empty line, so equal bytes mean an equal section with the same end.
      if (index === length) return start + length;
    }
    const after = parseFields(bytes, start, end);
    if (after > 0) this.#known = bytes.slice(start, after);
    return after;
  }
}

/** @returns the index after `expected`, or NEEDS_MORE, or NOT_LEAN */
function skip(expected: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
  const { length } = expected;
  for (let index = 0; index < length; index += 1) {
    if (start + index === end) return NEEDS_MORE;
    if (bytes[start + index] !== expected[index]) return NOT_LEAN;
  }
  return start + length;
}

/**
 * Parses a header section field by field. @returns the index after its empty line, or NEEDS_MORE, or NOT_LEAN
 */
function parseFields(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let hostCount = 0;
  for (;;) {
    if (at - start > MAX_FIELDS_BYTES) return NOT_LEAN;
    if (at === end) return NEEDS_MORE;
    if (bytes[at] === CR) {
      if (at + 1 === end) return NEEDS_MORE;
      // HTTP/1.1 requires exactly one Host.
      return bytes[at + 1] === LF && hostCount === 1 ? at + 2 : NOT_LEAN;
    }
    const nameStart = at;
    while (at < end && TOKEN[bytes[at] as number] === 1) at++;
    if (at === end) return at - start > MAX_FIELDS_BYTES ? NOT_LEAN : NEEDS_MORE;
    if (bytes[at] !== COLON || at === nameStart) return NOT_LEAN;
    const valueStart = at + 1;
    at = valueStart;
    while (at < end && isFieldByte(bytes[at] as number)) at++;
    if (at === end) return at - start > MAX_FIELDS_BYTES ? NOT_LEAN : NEEDS_MORE;
    if (bytes[at] !== CR) return NOT_LEAN;
    if (at + 1 === end) return NEEDS_MORE;
    if (bytes[at + 1] !== LF) return NOT_LEAN;
    const name = latin1(bytes, nameStart, valueStart - 1).toLowerCase();
    if (name === 'host') hostCount++;
    else if (CARE_FIELDS.has(name)) return NOT_LEAN;
    else if (name === 'connection' && latin1(bytes, valueStart, at).trim().toLowerCase() !== 'keep-alive') {
      return NOT_LEAN;
    }
    at += 2;
  }
}

/** Visible characters, space, tab and obs-text of RFC 9110 section 5.5. */
function isFieldByte(byte: number): boolean {
  return (byte >= 32 && byte !== 127) || byte === 9;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
