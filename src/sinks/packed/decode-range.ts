// Decompresses a part of a segment, in pieces. Every stored byte of the part must belong to the compressed data.

import { readSync } from 'node:fs';
import { Readable } from 'node:stream';
import {
  createGunzip,
  createZstdDecompress,
  type Gunzip,
  gunzipSync,
  type ZstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';
import type { PackedSpec } from '../../model/sink-spec.ts';
import { FormatProblem } from './byte-reader.ts';

const READ_BYTES = 1024 * 1024;

export interface ByteRange {
  readonly fd: number;
  readonly startBytes: number;
  readonly lengthBytes: number;
}

/** @throws FormatProblem, while it is read, when the range is cut short or not in this compression */
export function decodeRange(
  range: ByteRange,
  compression: PackedSpec['compression'],
): Iterable<Buffer> | AsyncIterable<Buffer> {
  if (compression === 'none') return readRange(range);
  const small = range.lengthBytes <= READ_BYTES ? decodeSmall(range, compression) : null;
  return small === null ? decodeLarge(range, compression) : [small];
}

function* readRange({ fd, startBytes, lengthBytes }: ByteRange): Generator<Buffer> {
  for (let read = 0; read < lengthBytes; ) {
    // A new buffer each time: the consumer may not have used the last piece yet.
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, lengthBytes - read));
    const count = readSync(fd, buffer, 0, buffer.length, startBytes + read);
    if (count === 0) throw new FormatProblem(`expected ${lengthBytes} bytes, found ${read}`);
    read += count;
    yield buffer.subarray(0, count);
  }
}

/** Decodes at once, which is twenty times cheaper than a stream; null when the result is too large for that. */
function decodeSmall(range: ByteRange, compression: 'gzip' | 'zstd'): Buffer | null {
  const stored = Buffer.concat([...readRange(range)]);
  const decode = compression === 'gzip' ? gunzipSync : zstdDecompressSync;
  try {
    const options = { info: true, maxOutputLength: 4 * READ_BYTES };
    const { buffer, engine } = decode(stored, options) as unknown as {
      readonly buffer: Buffer;
      readonly engine: { readonly bytesWritten: number };
    };
    checkUsed(engine.bytesWritten, stored.length);
    return buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return null;
    throw asFormatProblem(error, compression);
  }
}

async function* decodeLarge(range: ByteRange, compression: 'gzip' | 'zstd'): AsyncGenerator<Buffer> {
  const decoder: Gunzip | ZstdDecompress =
    compression === 'gzip'
      ? createGunzip({ chunkSize: READ_BYTES })
      : createZstdDecompress({ chunkSize: READ_BYTES });
  const input = Readable.from(readRange(range), { objectMode: false });
  input.on('error', (error) => decoder.destroy(error));
  input.pipe(decoder);
  try {
    for await (const piece of decoder) yield piece as Buffer;
    checkUsed(decoder.bytesWritten, range.lengthBytes);
  } catch (error) {
    throw asFormatProblem(error, compression);
  } finally {
    input.destroy();
    decoder.destroy();
  }
}

/** Checks for bytes after the last member, which the gzip decoder ignores. */
function checkUsed(usedBytes: number, storedBytes: number): void {
  if (usedBytes < storedBytes)
    throw new FormatProblem(`${storedBytes - usedBytes} of its ${storedBytes} bytes belong to nothing`);
}

function asFormatProblem(error: unknown, compression: string): FormatProblem {
  if (error instanceof FormatProblem) return error;
  return new FormatProblem(`not whole as ${compression}: ${(error as Error).message}`);
}
