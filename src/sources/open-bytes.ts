// The bytes of a list, from a file or a stream, unpacked when their first bytes say gzip or zstd.

import { createReadStream } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { sourceError } from './target-url.ts';

const READ_BYTES = 64 * 1024;
const MAGIC_BYTES = 4;

/** Where a list comes from. A stream is read once and never held. */
export type ListInput =
  | { readonly path: string }
  | { readonly stream: AsyncIterable<Buffer>; readonly name: string };

/** The name of the list in messages. */
export function inputName(input: ListInput): string {
  return 'path' in input ? input.path : input.name;
}

/**
 * Yields unpacked bytes in pieces.
 * @throws SpillwayError ERR_SOURCE when the file cannot be read or is damaged
 */
export async function* openBytes(input: ListInput): AsyncGenerator<Buffer> {
  const raw = 'path' in input ? createReadStream(input.path, { highWaterMark: READ_BYTES }) : input.stream;
  try {
    yield* unpack(raw[Symbol.asyncIterator]() as AsyncIterator<Buffer>);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const problem =
      code === 'ENOENT' ? 'expected a file, found none: check the path' : `could not be read on: ${message}`;
    throw sourceError(inputName(input), problem, error);
  }
}

async function* unpack(chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const whole = prepend(head, chunks);
  const isGzip = head.length >= 2 && head.readUInt16BE(0) === 0x1f8b;
  const isZstd = head.length >= MAGIC_BYTES && head.readUInt32LE(0) === 0xfd2fb528;
  if (!isGzip && !isZstd) {
    yield* whole;
    return;
  }
  const unpacker = isGzip ? createGunzip() : createZstdDecompress();
  // The consumer below gets every error; the callback only keeps pipeline from throwing it anywhere else.
  pipeline(Readable.from(whole), unpacker, () => {});
  yield* unpacker as AsyncIterable<Buffer>;
}

async function* prepend(head: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
