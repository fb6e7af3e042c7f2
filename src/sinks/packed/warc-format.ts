// WARC 1.1 (ISO 28500:2017): a `warcinfo` record at the head of each segment, then a `response` record for every
// body, each a gzip member of its own when compressed, so that any record can be read by its offset.

import { createHash, randomUUID } from 'node:crypto';
import type { PackedSpec } from '../../model/sink-spec.ts';
import { compressRecord } from './compress.ts';
import type { PackedFormat, WholeBody } from './packed-sink.ts';
import type { BodyHead } from '../sink.ts';

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

export function warcinfoContent(software: string): Buffer {
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
 * The answer's head as a reader of the record needs it: what was taken off the body (the transfer coding always, a
 * content coding when it was decoded) stays readable under a name that no reader acts on.
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

/** RFC 4648, section 6: the usual spelling of a digest in WARC. */
export function base32(bytes: Buffer): string {
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
