// Answers that no server should give, by seed: heads made of what clients stumble over, bodies that are not what the head
// says, bytes changed at random, cut anywhere, ended in every way. A seed gives the same answer for ever.

import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { Random } from '../helpers/random.ts';

export interface HostileAnswer {
  readonly pieces: readonly Buffer[];
  /** What becomes of the connection after the last piece; `keep`: the next request is read. */
  readonly ending: 'keep' | 'end' | 'reset' | 'stall';
}

const VERSIONS = [
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/0.9',
  'HTTP/2.0',
  'http/1.1',
  'HTP/1.1',
  'RTSP/1.0',
  '',
];
/** 429 and 503 hold up a whole origin, and so are rare. */
const STATUSES =
  '200 200 200 200 200 200 201 203 204 205 206 226 299 300 301 302 303 304 307 308 400 401 403 404 407 408 410 416 418 425 451 500 501 502 504 511 100 101 102 103 199 000 600 999 20 2000 -1 +200 0x200 2e2'.split(
    ' ',
  );
const REASONS = [
  'OK',
  '',
  'a'.repeat(300),
  '\u001b[2J\u001b]0;x\u0007',
  '\u0000',
  'ÿþ',
  '<script>alert(1)</script>',
  '\t',
];
const LENGTHS = [
  '0',
  '1',
  '5',
  '10',
  '100',
  '1000',
  '00005',
  '+5',
  '-1',
  '-0',
  ' 5 ',
  '5, 5',
  '5,6',
  '5.0',
  '0x5',
  '1e3',
  '99999999999999999999',
  '9007199254740993',
  '18446744073709551616',
  'five',
  '',
];
const CODINGS = [
  'gzip',
  'GZIP',
  'x-gzip',
  'deflate',
  'br',
  'zstd',
  'identity',
  'gzip, gzip',
  'gzip, br',
  'gzip,gzip,gzip,gzip',
  'compress',
  '\u001b[31m',
  'gzip;q=1',
  ',',
  '',
];
const TRANSFERS = [
  'chunked',
  'Chunked',
  'chunked, chunked',
  'gzip, chunked',
  'chunked, gzip',
  'identity',
  ' chunked',
  'chunked\u000b',
  'xchunked',
  '',
];
const CONNECTIONS = ['close', 'keep-alive', 'Upgrade', 'close, keep-alive', '\u0000', ''];
const RETRIES = [
  '0',
  '1',
  '-1',
  'soon',
  '9'.repeat(30),
  '0.1',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Fri, 31 Dec 9999 23:59:59 GMT',
  '\u0007',
];
/** Nothing that could lead off this machine: a redirect is never mutated, and no host here is but loopback. */
const LOCATIONS = [
  '/',
  '?x=1',
  '#',
  '',
  '/\u001b[2J',
  '/%00%0d%0a',
  '/' + 'x'.repeat(5_000),
  '/\u00e9',
  'javascript:alert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'ftp://127.0.0.1/',
  'http://127.0.0.1:1/',
  'https://127.0.0.1:1/',
  'http://127.0.0.1:99999/',
  'http://user:secret@127.0.0.1:1/',
  'mailto:a@b',
  'about:blank',
];
const CHUNK_SIZES = [
  '0',
  '1',
  '5',
  'a',
  'A',
  '00000005',
  '5;a=b',
  '5 ',
  ' 5',
  '-5',
  '+5',
  '0x5',
  'g',
  '',
  'fffffffffffffffff',
  '7fffffffffffffff',
  '5\u0000',
];
const LINE_ENDS = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\u0000', ''];

/** Beyond the cap of the run that reads it. */
const BOMB = gzipSync(Buffer.alloc(1_000_000));
const FAST_BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** @param seed a whole number of 32 bits */
export function makeHostileAnswer(seed: number): HostileAnswer {
  const random = new Random(seed);
  const isRedirect = random.chance(0.08);
  const body = makeBody(random);
  // Where the framing is right, what else there is gets its turn.
  const framing = random.chance(0.6) ? `Content-Length: ${body.length}` : undefined;
  let bytes: Buffer = Buffer.concat([makeHead(random, isRedirect, framing), body]);
  if (random.chance(0.05)) bytes = makeNoise(random, random.below(3_000));
  if (!isRedirect && random.chance(0.3)) bytes = mutate(random, bytes);
  if (!isRedirect && random.chance(0.05)) bytes = Buffer.concat([bytes, bytes]);
  if (random.chance(0.15)) bytes = bytes.subarray(0, random.below(bytes.length + 1));
  return {
    pieces: cut(random, bytes),
    // A client waits a deadline out where nothing ends its answer: enough of those, and not too many.
    ending: random.chance(0.06)
      ? random.pick(['keep', 'stall'] as const)
      : random.pick(['end', 'end', 'reset'] as const),
  };
}

function makeHead(random: Random, isRedirect: boolean, framing: string | undefined): Buffer {
  const end = (): string => (random.chance(0.97) ? '\r\n' : random.pick(LINE_ENDS));
  const status = isRedirect
    ? random.pick(['301', '302', '303', '307', '308'])
    : random.chance(0.01)
      ? random.pick(['429', '503'])
      : random.chance(0.6)
        ? '200'
        : random.pick(STATUSES);
  let text = '';
  if (random.chance(0.05))
    text += `HTTP/1.1 ${random.pick(['100', '102', '103'])} x\r\n\r\n`.repeat(1 + random.below(20));
  text += `${random.chance(0.92) ? 'HTTP/1.1' : random.pick(VERSIONS)} ${status} ${random.chance(0.92) ? 'OK' : random.pick(REASONS)}${end()}`;
  if (isRedirect && random.chance(0.9)) text += `Location: ${random.pick(LOCATIONS)}\r\n`;
  if (framing !== undefined) text += `${framing}${end()}`;
  const count = random.below(framing === undefined ? 6 : 3);
  for (let left = count; left > 0; left--) text += `${makeField(random, framing === undefined)}${end()}`;
  return Buffer.from(text + (random.chance(0.95) ? '\r\n' : random.pick(LINE_ENDS)), 'latin1');
}

function makeField(random: Random, isFraming: boolean): string {
  const kind = isFraming ? random.below(12) : 4 + random.below(7);
  if (kind <= 2) return `Content-Length: ${random.pick(LENGTHS)}`;
  if (kind === 3) return `Transfer-Encoding: ${random.pick(TRANSFERS)}`;
  if (kind <= 5) return `Content-Encoding: ${random.pick(CODINGS)}`;
  if (kind === 6) return `Connection: ${random.pick(CONNECTIONS)}`;
  if (kind === 7) return `Retry-After: ${random.pick(RETRIES)}`;
  if (kind === 8) return `X-Long: ${'x'.repeat(random.below(20_000))}`;
  if (kind === 9) return 'A: b\r\n'.repeat(random.below(400)) + 'A: c';
  return random.pick([
    ': no name',
    'no colon',
    ' folded: x',
    'Name : x',
    'N\u0000me: x',
    'Name: \u0000',
    'Name: \u001b[2J',
    '__proto__: x',
    'constructor: x',
    'Content-Type: \u00ff',
    'Set-Cookie: a=b; Domain=\u0007',
    'Trailer: Content-Length',
    'Upgrade: h2c',
    'Content-Disposition: attachment; filename="../../etc/passwd"',
    'Content-Range: bytes 0-0/*',
    'Keep-Alive: timeout=0, max=-1',
    'Proxy-Authenticate: x',
    'Content-Length : 5',
    'Content-Length: 5\r\n 6',
  ]);
}

function makeBody(random: Random): Buffer {
  const plain = random.chance(0.5)
    ? Buffer.from('hello')
    : makeNoise(random, random.below(random.chance(0.1) ? 70_000 : 200));
  switch (random.below(7)) {
    case 0:
      return Buffer.alloc(0);
    case 1:
      return gzipSync(plain);
    case 2:
      return random.chance(0.5) ? deflateSync(plain) : brotliCompressSync(plain, FAST_BROTLI);
    case 3:
      return BOMB;
    case 4:
    case 5:
      return makeChunks(random, plain);
    default:
      return plain;
  }
}

function makeChunks(random: Random, bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const part = bytes.subarray(at, at + 1 + random.below(100));
    at += part.length;
    const size = random.chance(0.97) ? part.length.toString(16) : random.pick(CHUNK_SIZES);
    const end = random.chance(0.98) ? '\r\n' : random.pick(LINE_ENDS);
    parts.push(Buffer.from(`${size}${end}`, 'latin1'), part, Buffer.from('\r\n'));
  }
  if (random.chance(0.9))
    parts.push(
      Buffer.from(
        random.pick([
          '0\r\n\r\n',
          '0\r\n\r\n',
          '0\r\nX: y\r\n\r\n',
          '0\r\n',
          '00\r\nContent-Length: 5\r\n\r\n',
        ]),
      ),
    );
  return Buffer.concat(parts);
}

function makeNoise(random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.below(256)));
}

function mutate(random: Random, bytes: Buffer): Buffer {
  let changed: Buffer = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0 && changed.length > 0; left--) {
    // The head is where a change matters most.
    const at = random.below(random.chance(0.8) ? Math.min(200, changed.length) : changed.length);
    const size = random.below(8);
    switch (random.below(4)) {
      case 0:
        changed[at] = random.below(256);
        break;
      case 1:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + size)]);
        break;
      case 2:
        changed = Buffer.concat([changed.subarray(0, at), makeNoise(random, size), changed.subarray(at)]);
        break;
      default:
        changed = Buffer.concat([changed.subarray(0, at + size), changed.subarray(at)]);
    }
  }
  return changed;
}

function cut(random: Random, bytes: Buffer): Buffer[] {
  const positions = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1)).sort(
    (a, b) => a - b,
  );
  const bounds = [0, ...positions, bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}
