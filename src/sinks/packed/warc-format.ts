// The WARC 1.1 format (ISO 28500:2017): a `warcinfo` record at the start of each segment, then a `response` record
// for every body, each its own gzip member when compressed, so that any record can be read by its offset. Below it,
// reading a record by its fields alone, with its digests computed again. A head must have exactly the form that is
// written, because no digest covers it.

import { createHash, randomUUID } from 'node:crypto';
import type { PackedSpec } from '../../model/sink-spec.ts';
import type { BodyHead } from '../sink.ts';
import { FormatProblem, type ByteReader } from './byte-reader.ts';
import { compressRecord } from './compress.ts';
import type { FoundRecord } from './found-record.ts';
import type { PackedFormat, WholeBody } from './packed-sink.ts';

const RECORD_END = Buffer.from('\r\n\r\n');
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function makeWarcFormat(spec: PackedSpec): PackedFormat {
  const compress = (pieces: Iterable<Uint8Array>) => compressRecord(pieces, spec.compression);
  return {
    preamble: (fileName) => Buffer.concat([...compress(warcinfo(fileName, spec.software))]),
    record: (head, body) => compress(response(head, body)),
  };
}

function warcHead(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.from(`WARC/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`);
}

function warcinfoContent(software: string): Buffer {
  return Buffer.from(
    `software: ${software}\r\nformat: WARC File Format 1.1\r\nconformsTo: http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n`,
  );
}

function warcinfo(fileName: string, software: string): Buffer[] {
  const content = warcinfoContent(software);
  const head = warcHead([
    ['WARC-Type', 'warcinfo'],
    ['WARC-Record-ID', `<urn:uuid:${randomUUID()}>`],
    ['WARC-Date', new Date().toISOString()],
    ['WARC-Filename', fileName],
    ['Content-Type', 'application/warc-fields'],
    ['Content-Length', String(content.length)],
  ]);
  return [head, content, RECORD_END];
}

function* response(head: BodyHead, body: WholeBody): Generator<Uint8Array> {
  const http = Buffer.from(httpHead(head, body), 'latin1');
  const blockDigest = createHash('sha256').update(http);
  for (const piece of body.pieces()) blockDigest.update(piece);
  yield warcHead([
    ['WARC-Type', 'response'],
    ['WARC-Record-ID', `<urn:uuid:${randomUUID()}>`],
    ['WARC-Date', new Date(head.receivedAtMs).toISOString()],
    ['WARC-Target-URI', head.finalUrl],
    ['WARC-Payload-Digest', `sha256:${base32(Buffer.from(body.sha256, 'hex'))}`],
    ['WARC-Block-Digest', `sha256:${base32(blockDigest.digest())}`],
    ['Content-Type', 'application/http;msgtype=response'],
    ['Content-Length', String(http.length + body.bytes)],
  ]);
  yield http;
  yield* body.pieces();
  yield RECORD_END;
}

/**
 * The answer's head as a reader of the record needs it. Fields of codings that were removed from the body (the
 * transfer coding always, a content coding when it was decoded) are kept under a name that readers ignore.
 */
function httpHead(head: BodyHead, body: WholeBody): string {
  const lines = head.headers
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, value]) => {
      const isUntrue =
        name === 'transfer-encoding' || (head.isDecoded && /^content-(?:encoding|length)$/u.test(name));
      return `${isUntrue ? 'x-archive-orig-' : ''}${name}: ${value}\r\n`;
    });
  const hasLength = !head.isDecoded && head.headers.some(([name]) => name === 'content-length');
  if (!hasLength) lines.push(`content-length: ${body.bytes}\r\n`);
  return `HTTP/1.1 ${head.status} ${head.statusText}\r\n${lines.join('')}\r\n`;
}

/** RFC 4648, section 6: the usual form of a digest in WARC. */
function base32(bytes: Buffer): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(value >>> bits) & 31];
    }
  }
  if (bits > 0) text += BASE32[(value << (5 - bits)) & 31];
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=');
}

/** A head's fields in their order; a value is either given or must match a pattern. */
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

/** @throws FormatProblem when it is not one whole `response` record of the form that this sink writes */
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

/** Reads the `warcinfo` record at the start of the segment `fileName`. @throws FormatProblem */
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
  // Only the program's name may differ: with that name, the sink must write the same bytes.
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

/** Checks a date of the right form: a day that does not exist would be read as another one, or not at all. */
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
