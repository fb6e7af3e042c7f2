// A line of the ndjson sink, read back: its facts, and its body hashed as it was before it became text or base64.

import { createHash, type Hash } from 'node:crypto';
import { FormatProblem, type ByteReader } from './byte-reader.ts';
import type { FoundRecord } from './found-record.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BASE64_GROUP_CHARACTERS = 4;
/** `\u1234` is the longest escape; a character has at most four bytes. */
const ESCAPE_BYTES = 6;

interface Facts {
  readonly index: number;
  readonly url: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** @throws FormatProblem when it is not a line of this sink */
export async function readNdjsonRecord(reader: ByteReader): Promise<FoundRecord> {
  const scan = new BodyKeyScan();
  const head = await reader.untilByte((byte) => scan.isAtBody(byte));
  const facts = parseFacts(`${head.toString()}"}`);
  const body = new BodyHash();
  await (scan.key === 'text' ? readText(reader, body) : readBase64(reader, body));
  if ((await reader.take(2)).toString('latin1') !== '}\n') throw new FormatProblem('the line does not end');
  await reader.expectEnd();
  const found = body.end();
  if (found.bytes !== facts.bytes || found.sha256 !== facts.sha256)
    throw new FormatProblem('the line has another length or digest in it than its body');
  return { ...found, index: facts.index, url: facts.url };
}

function parseFacts(text: string): Facts {
  try {
    return JSON.parse(text) as Facts;
  } catch (error) {
    throw new FormatProblem(`not JSON: ${(error as Error).message}`);
  }
}

/** Finds where the value of the line's own `text` or `base64` begins, and takes no such key of a header for it. */
class BodyKeyScan {
  key = '';
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isValue = false;
  #word = '';

  /** True at the quote that begins the body. */
  isAtBody(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) this.#isInString = false;
      else if (this.#word.length < 8) this.#word += String.fromCharCode(byte);
      return false;
    }
    if (byte === QUOTE) {
      if (this.#isValue && this.#depth === 1 && (this.#word === 'text' || this.#word === 'base64')) {
        this.key = this.#word;
        return true;
      }
      this.#isInString = true;
      this.#word = '';
    } else if (byte === 0x7b || byte === 0x5b) {
      this.#depth++;
      this.#isValue = false;
    } else if (byte === 0x7d || byte === 0x5d) {
      this.#depth--;
    } else if (byte === 0x3a) {
      this.#isValue = true;
    } else if (byte === 0x2c) {
      this.#isValue = false;
    }
    return false;
  }
}

class BodyHash {
  readonly #hash: Hash = createHash('sha256');
  #bytes = 0;

  add(piece: Buffer): void {
    this.#bytes += piece.length;
    this.#hash.update(piece);
  }

  end(): { bytes: number; sha256: string } {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }
}

async function readBase64(reader: ByteReader, body: BodyHash): Promise<void> {
  for (;;) {
    const piece = await reader.some();
    const end = piece.indexOf(QUOTE);
    const whole = end === -1 ? piece.length - (piece.length % BASE64_GROUP_CHARACTERS) : end;
    body.add(Buffer.from(piece.toString('latin1', 0, whole), 'base64'));
    if (end !== -1) {
      reader.putBack(piece.subarray(end + 1));
      return;
    }
    await keepRest(reader, piece.subarray(whole));
  }
}

async function readText(reader: ByteReader, body: BodyHash): Promise<void> {
  for (;;) {
    const piece = await reader.some();
    const { end, isClosed } = endOfText(piece);
    body.add(unescape(piece.subarray(0, end)));
    if (isClosed) {
      reader.putBack(piece.subarray(end + 1));
      return;
    }
    await keepRest(reader, piece.subarray(end));
  }
}

/** Goes on behind `rest`, which is too short to be read by itself. */
async function keepRest(reader: ByteReader, rest: Buffer): Promise<void> {
  if (rest.length === 0) return;
  const next = await reader.some();
  reader.putBack(Buffer.concat([rest, next]));
}

/** Where the string ends, or how much of it can be read without what follows. */
function endOfText(piece: Buffer): { end: number; isClosed: boolean } {
  let quote = piece.indexOf(QUOTE);
  let escape = piece.indexOf(BACKSLASH);
  while (escape !== -1 && (quote === -1 || escape < quote)) {
    const next = piece[escape + 1];
    const lengthBytes = next === 0x75 ? ESCAPE_BYTES : 2;
    if (next === undefined || escape + lengthBytes > piece.length) return { end: escape, isClosed: false };
    if (quote === escape + 1) quote = piece.indexOf(QUOTE, escape + 2);
    escape = piece.indexOf(BACKSLASH, escape + lengthBytes);
  }
  return quote === -1
    ? { end: piece.length - openCharacterBytes(piece), isClosed: false }
    : { end: quote, isClosed: true };
}

function openCharacterBytes(piece: Buffer): number {
  for (let back = 1; back <= Math.min(3, piece.length); back++) {
    const byte = piece[piece.length - back] as number;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return byte >= (back === 1 ? 0xc0 : back === 2 ? 0xe0 : 0xf0) ? back : 0;
  }
  return 0;
}

function unescape(piece: Buffer): Buffer {
  if (!piece.includes(BACKSLASH)) return piece;
  try {
    return Buffer.from(JSON.parse(`"${piece.toString()}"`) as string);
  } catch (error) {
    throw new FormatProblem(`not JSON: ${(error as Error).message}`);
  }
}
