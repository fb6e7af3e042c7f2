// A member of the tar sink, read back: extended header, header, contents and padding, each checked.

import { createHash } from 'node:crypto';
import { FormatProblem, type ByteReader } from './byte-reader.ts';
import type { FoundRecord } from './found-record.ts';
import { TAR_BLOCK_BYTES } from './tar-format.ts';

/** @throws FormatProblem when it is not one whole member of this sink */
export async function readTarRecord(reader: ByteReader): Promise<FoundRecord> {
  const extended = await readHeader(reader, 'x');
  const fields = parseFields(await reader.take(extended + paddingOf(extended)), extended);
  const shortBytes = await readHeader(reader, '0');
  const bytes = Number(fields.get('size') ?? shortBytes);
  const digest = createHash('sha256');
  for await (const piece of reader.pieces(bytes)) digest.update(piece);
  await reader.take(paddingOf(bytes));
  await reader.expectEnd();
  const sha256 = digest.digest('hex');
  if (fields.get('SPILLWAY.sha256') !== sha256)
    throw new FormatProblem('the member has another digest in its header than its contents');
  const index = /^\d+\/(\d+)-/u.exec(fields.get('path') ?? '')?.[1];
  return {
    bytes,
    sha256,
    index: index === undefined ? null : Number(index),
    url: fields.get('SPILLWAY.url') ?? '',
  };
}

/** The two empty blocks at an archive's end. @throws FormatProblem */
export async function readTarEnd(reader: ByteReader): Promise<void> {
  const blocks = await reader.take(2 * TAR_BLOCK_BYTES);
  if (blocks.some((byte) => byte !== 0)) throw new FormatProblem('expected the end of the archive');
  await reader.expectEnd();
}

/** @returns the size it names */
async function readHeader(reader: ByteReader, type: '0' | 'x'): Promise<number> {
  const block = await reader.take(TAR_BLOCK_BYTES);
  const textAt = (start: number, end: number) => block.toString('latin1', start, end);
  let sum = 0;
  for (const [at, byte] of block.entries()) sum += at >= 148 && at < 156 ? 0x20 : byte;
  if (textAt(257, 262) !== 'ustar' || octal(textAt(148, 156)) !== sum)
    throw new FormatProblem('expected a tar header with a right checksum');
  if (textAt(156, 157) !== type)
    throw new FormatProblem(`expected a member of type ${type}, found ${textAt(156, 157)}`);
  return octal(textAt(124, 136));
}

function octal(text: string): number {
  return Number.parseInt(text.replace(/[\0 ]+$/u, ''), 8);
}

/** `LENGTH KEY=VALUE\n`, where LENGTH counts itself. */
function parseFields(bytes: Buffer, lengthBytes: number): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < lengthBytes; ) {
    const blank = bytes.indexOf(' ', at);
    const fieldBytes = Number(bytes.toString('latin1', at, blank));
    const text = bytes.toString('utf8', blank + 1, at + fieldBytes - 1);
    const equals = text.indexOf('=');
    if (!(fieldBytes > 4) || equals === -1) throw new FormatProblem('expected fields in the extended header');
    fields.set(text.slice(0, equals), text.slice(equals + 1));
    at += fieldBytes;
  }
  return fields;
}

function paddingOf(bytes: number): number {
  return (TAR_BLOCK_BYTES - (bytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}
