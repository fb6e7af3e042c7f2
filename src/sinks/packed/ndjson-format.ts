// One JSON object a line for every body: what was asked and answered, and the body as text where it is valid UTF-8,
// in base64 otherwise.

import { isUtf8 } from 'node:buffer';
import type { PackedSpec } from '../../model/sink-spec.ts';
import { compressRecord } from './compress.ts';
import type { PackedFormat, WholeBody } from './packed-sink.ts';
import type { BodyHead } from '../sink.ts';

/** A piece of base64 must end on a border of three bytes to be joined with the next. */
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

/** Bytes at the end of `chunk` that begin a character whose rest is still to come. */
function openCharacterBytes(chunk: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, chunk.length); back++) {
    const byte = chunk[chunk.length - back] as number;
    if (byte >= 0xc0) return byte >= (back === 1 ? 0xc0 : back === 2 ? 0xe0 : 0xf0) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

/** The body in pieces that end between characters (or wherever invalid bytes leave no border). */
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
