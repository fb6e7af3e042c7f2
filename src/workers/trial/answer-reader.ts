// Reads bodies of trials that are not only digits: JSON, in a content coding, or in pieces. One for each
// worker; what it holds of a body is capped, and it holds nothing in the common case, a whole answer of the
// known shape.

import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { oneLine } from '../../model/one-line.ts';
import { AnswerShape, parseJson, valueOf } from './answer-shape.ts';

/** A longer answer is wrong whatever it says; up to so much is held for each connection. */
const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_CODINGS = 4;
const MAX_SHOWN_LENGTH = 40;

type Decode = (bytes: Uint8Array, limits: { readonly maxOutputLength: number }) => Buffer;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
};

interface HeldBody {
  readonly coding: string;
  pieces: Buffer[];
  bytes: number;
}

export class AnswerReader {
  /** A description of the body that `finish` read last. */
  found = '';
  readonly #shape = new AnswerShape();
  readonly #held = new Map<object, HeldBody>();

  /** The value of a whole body of the known shape, or -1. */
  match(chunk: Uint8Array, start: number, end: number): number {
    return this.#shape.match(chunk, start, end);
  }

  /** Begins to hold the body of `position`. @param coding its Content-Encoding, '' for none */
  begin(position: object, coding: string): void {
    this.#held.set(position, { coding, pieces: [], bytes: 0 });
  }

  /** Takes a `match` back: more bytes came after its `value`. */
  beginAfterMatch(position: object, value: number): void {
    this.begin(position, '');
    const bytes = this.#shape.bytesOf(value);
    this.add(position, bytes, 0, bytes.length);
  }

  add(position: object, chunk: Uint8Array, start: number, end: number): void {
    const body = this.#held.get(position);
    if (body === undefined) return;
    body.bytes += end - start;
    if (body.bytes > MAX_ANSWER_BYTES) body.pieces = [];
    // A copy, because the chunk belongs to the transport.
    else body.pieces.push(Buffer.from(chunk.subarray(start, end)));
  }

  forget(position: object): void {
    this.#held.delete(position);
  }

  /** The number that the body states, or -1, with the reason in `found`. */
  finish(position: object): number {
    const body = this.#held.get(position);
    this.#held.delete(position);
    if (body === undefined || body.bytes === 0) return this.#wrong('an empty body');
    if (body.bytes > MAX_ANSWER_BYTES) return this.#wrong(`a body of more than ${MAX_ANSWER_BYTES} bytes`);
    const [piece] = body.pieces;
    const whole = body.pieces.length === 1 && piece !== undefined ? piece : Buffer.concat(body.pieces);
    const codings = namesOf(body.coding);
    if (codings.length === 0) return this.#read(whole, true);
    const plain = decode(whole, codings);
    if (plain !== null) return this.#read(plain, false);
    return this.#wrong(`a body in a content coding that was not asked for (${shown(body.coding)})`);
  }

  /** @param isAsSent true where no coding was removed */
  #read(body: Buffer, isAsSent: boolean): number {
    const text = body.toString('utf8');
    if (/^\d{1,8}$/u.test(text) && String(Number(text)) === text) return Number(text);
    const document = parseJson(text);
    if (document === undefined) return this.#wrong('a body that is neither a number nor JSON');
    const value = valueOf(document);
    if (value === undefined) return this.#wrong('JSON without a value');
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      return this.#wrong(`the value ${shown(JSON.stringify(value))}`);
    if (isAsSent) this.#shape.keep(text, value as number);
    return value as number;
  }

  #wrong(found: string): -1 {
    this.found = found;
    return -1;
  }
}

/** The codings in the order they were put on. */
function namesOf(coding: string): string[] {
  return coding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
}

/** Null where a coding cannot be removed. */
function decode(bytes: Buffer, codings: readonly string[]): Buffer | null {
  if (codings.length > MAX_CODINGS) return null;
  try {
    return codings.reduceRight((body, name) => {
      const undo = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
      if (undo === undefined) throw new Error(`no decoder for ${name}`);
      return undo(body, { maxOutputLength: MAX_ANSWER_BYTES });
    }, bytes);
  } catch {
    return null;
  }
}

/** Makes one short line of any text that a server sent. */
function shown(text: string): string {
  const line = oneLine(text.slice(0, MAX_SHOWN_LENGTH + 1));
  return line.length > MAX_SHOWN_LENGTH ? `${line.slice(0, MAX_SHOWN_LENGTH)}…` : line;
}
