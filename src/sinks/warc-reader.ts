// A record of the warc sink, read back as a reader of WARC does: by its fields alone, with the digests that are in it
// computed again.

import { createHash } from 'node:crypto';
import { FormatProblem, type ByteReader } from './byte-reader.ts';
import type { FoundRecord } from './read-segment.ts';
import { base32 } from './warc-format.ts';

/** @throws FormatProblem when it is not one whole `response` record */
export async function readWarcRecord(reader: ByteReader): Promise<FoundRecord> {
  const fields = await readFields(reader);
  if (fields.get('warc-type') !== 'response')
    throw new FormatProblem(`expected a response record, found ${String(fields.get('warc-type'))}`);
  const blockBytes = lengthOf(fields);
  const http = await reader.until('\r\n\r\n');
  const bytes = blockBytes - http.length;
  if (bytes < 0) throw new FormatProblem('the block is shorter than its HTTP head');
  const block = createHash('sha256').update(http);
  const payload = createHash('sha256');
  for await (const piece of reader.pieces(bytes)) {
    block.update(piece);
    payload.update(piece);
  }
  await readEnd(reader);
  const sha256 = payload.digest();
  checkDigest(fields, 'warc-payload-digest', sha256);
  checkDigest(fields, 'warc-block-digest', block.digest());
  return { bytes, sha256: sha256.toString('hex'), index: null, url: fields.get('warc-target-uri') ?? '' };
}

/** The `warcinfo` record at a segment's head. @throws FormatProblem */
export async function readWarcInfo(reader: ByteReader): Promise<void> {
  const fields = await readFields(reader);
  if (fields.get('warc-type') !== 'warcinfo') throw new FormatProblem('expected a warcinfo record first');
  for await (const _ of reader.pieces(lengthOf(fields)));
  await readEnd(reader);
}

async function readFields(reader: ByteReader): Promise<Map<string, string>> {
  const lines = (await reader.until('\r\n\r\n')).toString().trimEnd().split('\r\n');
  if (lines[0] !== 'WARC/1.1')
    throw new FormatProblem(`expected WARC/1.1, found ${JSON.stringify(lines[0]?.slice(0, 20))}`);
  const fields = lines.slice(1).map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return new Map(fields);
}

function lengthOf(fields: ReadonlyMap<string, string>): number {
  const text = fields.get('content-length') ?? '';
  if (!/^\d{1,15}$/u.test(text))
    throw new FormatProblem(`expected a Content-Length, found ${JSON.stringify(text)}`);
  return Number(text);
}

async function readEnd(reader: ByteReader): Promise<void> {
  if ((await reader.take(4)).toString('latin1') !== '\r\n\r\n')
    throw new FormatProblem('the record does not end');
  await reader.expectEnd();
}

function checkDigest(fields: ReadonlyMap<string, string>, name: string, digest: Buffer): void {
  if (fields.get(name) !== `sha256:${base32(digest)}`)
    throw new FormatProblem(`the record has another ${name} in it than its bytes`);
}
