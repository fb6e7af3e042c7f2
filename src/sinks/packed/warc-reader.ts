// A record of the warc sink, read back as a reader of WARC does: by its fields alone, with the digests that are in it
// computed again. A head is held to the very form that the sink writes, for no digest covers it.

import { createHash } from 'node:crypto';
import { FormatProblem, type ByteReader } from './byte-reader.ts';
import type { FoundRecord } from './found-record.ts';
import { base32, warcinfoContent } from './warc-format.ts';

/** A head's fields in their order; a value is known, or of a form. */
type HeadForm = Readonly<Record<string, string | RegExp>>;

const RECORD_ID = /^<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>$/u;
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/u;
const DIGEST = /^sha256:[A-Z2-7]{52}====$/u;
const LENGTH = /^(?:0|[1-9]\d{0,14})$/u;
const ONE_LINE = /^[^\r\n]*$/u;

const RESPONSE: HeadForm = {
  'WARC-Type': 'response',
  'WARC-Record-ID': RECORD_ID,
  'WARC-Date': DATE,
  'WARC-Target-URI': ONE_LINE,
  'WARC-Payload-Digest': DIGEST,
  'WARC-Block-Digest': DIGEST,
  'Content-Type': 'application/http;msgtype=response',
  'Content-Length': LENGTH,
};

/** @throws FormatProblem when it is not one whole `response` record */
export async function readWarcRecord(reader: ByteReader): Promise<FoundRecord> {
  const fields = await readFields(reader, RESPONSE);
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
  checkDigest(fields, 'WARC-Payload-Digest', sha256);
  checkDigest(fields, 'WARC-Block-Digest', block.digest());
  return { bytes, sha256: sha256.toString('hex'), index: null, url: fields.get('WARC-Target-URI') ?? '' };
}

/** The `warcinfo` record at the head of the segment `fileName`. @throws FormatProblem */
export async function readWarcInfo(reader: ByteReader, fileName: string): Promise<void> {
  const fields = await readFields(reader, {
    'WARC-Type': 'warcinfo',
    'WARC-Record-ID': RECORD_ID,
    'WARC-Date': DATE,
    'WARC-Filename': fileName,
    'Content-Type': 'application/warc-fields',
    'Content-Length': LENGTH,
  });
  const content = await reader.take(lengthOf(fields));
  // The program's name alone may be any: with it, the sink would write the same again.
  const software = /^software: ([^\r\n]*)/u.exec(content.toString())?.[1] ?? '';
  if (!content.equals(warcinfoContent(software)))
    throw new FormatProblem('the warcinfo record has another content than the sink writes');
  await readEnd(reader);
}

async function readFields(reader: ByteReader, form: HeadForm): Promise<Map<string, string>> {
  const [version, ...lines] = (await reader.until('\r\n\r\n')).toString().slice(0, -4).split('\r\n');
  if (version !== 'WARC/1.1')
    throw new FormatProblem(`expected WARC/1.1, found ${JSON.stringify(version?.slice(0, 20))}`);
  const fields = new Map<string, string>();
  for (const [at, [name, expected]] of Object.entries(form).entries()) {
    const line = lines[at] ?? '';
    const value = line.slice(name.length + 2);
    const isRight = typeof expected === 'string' ? value === expected : expected.test(value);
    if (!isRight || !line.startsWith(`${name}: `)) throw unlike(name, expected, line);
    fields.set(name, value);
  }
  if (lines.length > fields.size)
    throw new FormatProblem(`expected ${fields.size} fields, found ${lines.length}`);
  checkDate(fields.get('WARC-Date') ?? '');
  return fields;
}

function unlike(name: string, expected: string | RegExp, line: string): FormatProblem {
  const wanted = typeof expected === 'string' ? JSON.stringify(`${name}: ${expected}`) : `a ${name}`;
  return new FormatProblem(`expected ${wanted}, found ${JSON.stringify(line.slice(0, 100))}`);
}

/** Of the right form already: one that is in no calendar would be read as another, or not at all. */
function checkDate(text: string): void {
  const at = Date.parse(text);
  if (Number.isNaN(at) || new Date(at).toISOString() !== text)
    throw new FormatProblem(`expected a WARC-Date, found ${JSON.stringify(text)}`);
}

function lengthOf(fields: ReadonlyMap<string, string>): number {
  return Number(fields.get('Content-Length'));
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
