// The ndjson format: one line with a JSON object for every body, with the request, the answer, and the body as text
// if it is valid UTF-8, in base64 otherwise. Below it, reading such a line: its facts, and the hash of its body.

import { createHash, type Hash } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import type { PackedSpec } from '../../model/sink-spec.ts';
import type { BodyHead } from '../sink.ts';
import { FormatProblem, type ByteReader } from './byte-reader.ts';
import { compressRecord } from './compress.ts';
import type { FoundRecord } from './found-record.ts';
import type { PackedFormat, WholeBody } from './packed-sink.ts';

/** A piece of base64 must end on a border of three bytes to be joined with the next piece. */
const BASE64_GROUP_BYTES = 3;

export function makeNdjsonFormat(spec: PackedSpec): PackedFormat {
  return { record: (head, body) => compressRecord(line(head, body), spec.compression) };
}

function* line(head: BodyHead, body: WholeBody): Generator<Uint8Array> {
  const isText = isValidText(body);
  const facts = {
    index: head.index,
    url: head.url,
    ...(head.finalUrl === head.url ? {} : { finalUrl: head.finalUrl }),
    status: head.status,
    headers: Object.fromEntries(joinFields(head.headers)),
    receivedAt: new Date(head.receivedAtMs).toISOString(),
    bytes: body.bytes,
    sha256: body.sha256,
  };
  yield Buffer.from(`${JSON.stringify(facts).slice(0, -1)},"${isText ? 'text' : 'base64'}":"`);
  yield* isText ? jsonText(body) : base64Text(body);
  yield Buffer.from('"}\n');
}

function joinFields(headers: BodyHead['headers']): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return joined;
}

/** Bytes at the end of `chunk` that begin a character that is not complete yet. */
function openCharacterBytes(chunk: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back] as number;
    if (byte >= 0xc0) return byte >= (back === 1 ? 0xc0 : back === 2 ? 0xe0 : 0xf0) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** The body in pieces that end between characters (or anywhere, if invalid bytes leave no border). */
function* characterPieces(body: WholeBody): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of body.pieces()) {
    const joined = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const openBytes = openCharacterBytes(joined);
    yield joined.subarray(0, joined.length - openBytes);
    rest = Buffer.from(joined.subarray(joined.length - openBytes));
  }
  if (rest.length > 0) yield rest;
}

function isValidText(body: WholeBody): boolean {
  for (const piece of characterPieces(body)) if (!isUtf8(piece)) return false;
  return true;
}

function* jsonText(body: WholeBody): Generator<Buffer> {
  for (const piece of characterPieces(body)) yield Buffer.from(JSON.stringify(piece.toString()).slice(1, -1));
}

function* base64Text(body: WholeBody): Generator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for (const piece of body.pieces()) {
    const joined = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const openBytes = joined.length % BASE64_GROUP_BYTES;
    yield Buffer.from(joined.subarray(0, joined.length - openBytes).toString('base64'));
    rest = Buffer.from(joined.subarray(joined.length - openBytes));
  }
  if (rest.length > 0) yield Buffer.from(rest.toString('base64'));
}

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

/** @throws FormatProblem when it is not a line that this sink writes */
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

/** Finds where the value of the line's own `text` or `base64` begins, and ignores such a key inside a header. */
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

/** Joins `rest`, which is too short to be read by itself, with what follows. */
async function keepRest(reader: ByteReader, rest: Buffer): Promise<void> {
  if (rest.length === 0) return;
  const next = await reader.some();
  reader.putBack(Buffer.concat([rest, next]));
}

/** Where the string ends, or how much of it can be read without further input. */
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

function unescape(piece: Buffer): Buffer {
  if (!piece.includes(BACKSLASH)) return piece;
  try {
    return Buffer.from(JSON.parse(`"${piece.toString()}"`) as string);
  } catch (error) {
    throw new FormatProblem(`not JSON: ${(error as Error).message}`);
  }
}
