// Makes answers for the differential fuzz: valid ones from a grammar, with what a reader must make of them, and
// mutations of those, of which nobody knows what a reader should make. A seed gives the same case for ever.

import { Random } from './random.ts';

export interface ExpectedAnswer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: string;
}

export interface FuzzAnswer {
  readonly method: 'GET' | 'HEAD';
  /** Latin-1 text. */
  readonly bytes: string;
  /** Null where the bytes were mutated. */
  readonly expected: ExpectedAnswer | null;
  /** Within what the wire lane says it takes. */
  readonly isStrict: boolean;
  /** The server ends the connection right behind these bytes. */
  readonly isEnding: boolean;
}

export interface FuzzCase {
  readonly seed: number;
  /** All asked at once on one connection, or each from inside the end of the one before. */
  readonly mode: 'pipelined' | 'lockstep';
  readonly answers: readonly FuzzAnswer[];
  readonly isMutated: boolean;
  /** Where the bytes are cut into writes: for `pipelined` all bytes in a row, for `lockstep` each answer's. */
  readonly pieces: readonly (readonly string[])[];
}

const NAMES = [
  'X-A',
  'x-b',
  'Server',
  'Date',
  'ETag',
  'Content-Type',
  'content-encoding',
  'Set-Cookie',
  '!#$%&',
  'Connectiom',
  'Content-Lengtj',
  'Transfer-Encodinh',
  'Vary',
  '__proto__',
  'constructor',
];
const VALUES = [
  '',
  'a',
  'text/plain; charset=utf-8',
  '"x"',
  'caf\xe9\xff',
  'a b\tc',
  'trailing ',
  ' \t',
  ':',
  'close',
  'chunked',
  'Content-Length: 7',
  '0',
  'x'.repeat(300),
];
const STATUSES = [200, 200, 200, 200, 201, 206, 299, 301, 404, 429, 500, 503, 599];

export function makeFuzzCase(seed: number): FuzzCase {
  const random = new Random(seed);
  const mode = random.chance(0.7) ? 'pipelined' : 'lockstep';
  const count = 1 + random.below(5);
  const answers: FuzzAnswer[] = [];
  for (let index = 0; index < count; index++)
    answers.push(makeAnswer(random, `${seed}.${index}`, index === count - 1));
  const isMutated = random.chance(0.6);
  if (isMutated) {
    const at = random.below(count);
    let { bytes } = answers[at] as FuzzAnswer;
    for (let times = 1 + random.below(3); times > 0; times--) bytes = mutate(random, bytes);
    answers[at] = { ...(answers[at] as FuzzAnswer), bytes, expected: null, isStrict: false };
  }
  const writes =
    mode === 'pipelined' ? [answers.map(({ bytes }) => bytes).join('')] : answers.map(({ bytes }) => bytes);
  // In lockstep, what is left over behind an answer must come in one read with it: later it would belong, as far as
  // anybody can tell, to the next request.
  const isWhole = mode === 'lockstep' && isMutated;
  return {
    seed,
    mode,
    answers,
    isMutated,
    pieces: writes.map((bytes) => (isWhole ? [bytes] : cut(random, bytes))),
  };
}

const CONTINUE = 'HTTP/1.1 100 ';
const HINTS = 'HTTP/1.1 103 ';

/**
 * The case for undici, which takes a 100 for the end of its connection where the wire lane skips it: each is a 103,
 * which both skip, so that what undici makes of this is what the wire lane must make of the other. The same case where
 * there is none.
 */
export function withoutContinue(fuzzCase: FuzzCase): FuzzCase {
  const writes = fuzzCase.pieces.map((pieces) => pieces.join(''));
  if (!writes.some((bytes) => bytes.includes(CONTINUE))) return fuzzCase;
  return {
    ...fuzzCase,
    // The server tells the two apart by it.
    seed: fuzzCase.seed + 0.5,
    answers: fuzzCase.answers.map((answer) => ({ ...answer, bytes: hinting(answer.bytes) })),
    pieces: fuzzCase.pieces.map((pieces, at) => cutLike(pieces, hinting(writes[at] as string))),
  };
}

/** `text` with 103 for every 100: bytes of an answer, or an outcome as JSON, for what is no head may hold one too. */
export function hinting(text: string): string {
  return text.replaceAll(CONTINUE, HINTS);
}

function cutLike(pieces: readonly string[], bytes: string): string[] {
  let at = 0;
  return pieces.map(({ length }) => bytes.slice(at, (at += length)));
}

function makeAnswer(random: Random, marker: string, isLast: boolean): FuzzAnswer {
  const method = random.chance(0.15) ? 'HEAD' : 'GET';
  const isEmptyStatus = random.chance(0.1);
  const status = isEmptyStatus ? random.pick([204, 304]) : random.pick(STATUSES);
  const hasBody = method === 'GET' && !isEmptyStatus;
  const body = hasBody ? makeBody(random, marker) : '';
  const isOld = isLast && random.chance(0.05);
  const isUntilClose = isLast && hasBody && random.chance(0.1);
  const isChunked = !isOld && !isUntilClose && hasBody && random.chance(0.4);
  const isClosing = isLast && random.chance(0.1);
  let isStrict = true;

  const headers: [string, string][] = [['X-Trial', marker]];
  for (let count = random.below(5); count > 0; count--)
    headers.push([random.pick(NAMES), random.pick(VALUES)]);
  if (isChunked)
    headers.push([
      random.pick(['Transfer-Encoding', 'transfer-encoding', 'TRANSFER-ENCODING']),
      random.pick(['chunked', 'Chunked']),
    ]);
  else if (hasBody && !isUntilClose)
    headers.push([
      random.pick(['Content-Length', 'content-length', 'Content-length']),
      `${random.chance(0.1) ? '00' : ''}${body.length}`,
    ]);
  else if (method === 'HEAD' && !isEmptyStatus && random.chance(0.7))
    headers.push(['Content-Length', `${random.below(500)}`]);
  if (isClosing) headers.push(['Connection', random.pick(['close', 'Close', 'x, close', 'close,x'])]);
  else if (random.chance(0.2))
    headers.push(['Connection', random.pick(['keep-alive', 'Keep-Alive', 'keep-alive, x'])]);
  shuffle(random, headers);

  let reason = ` ${random.pick(['OK', '', 'Not Found', 'a\tb', 'caf\xe9', '200 OK'])}`;
  if (random.chance(0.02)) {
    reason = '';
    isStrict = false;
  }
  let bytes = '';
  for (let count = random.chance(0.1) ? 1 + random.below(2) : 0; count > 0; count--)
    bytes += `HTTP/1.1 ${random.pick(['100 Continue', '103 Early Hints', '102 Processing'])}\r\n${random.chance(0.5) ? 'Link: </a>\r\n' : ''}\r\n`;
  bytes += `HTTP/1.${isOld ? 0 : 1} ${status}${reason}\r\n`;
  for (const [name, value] of headers)
    bytes += `${name}:${isFraming(name) ? random.pick([' ', '']) : random.pick([' ', '', '  ', '\t'])}${value}\r\n`;
  bytes += '\r\n';
  if (isChunked) {
    const hasExtension = random.chance(0.03);
    if (hasExtension) isStrict = false;
    bytes += chunk(random, body, hasExtension);
  } else bytes += body;

  const expected: ExpectedAnswer = {
    status,
    headers: headers.map(([name, value]) => [name.toLowerCase(), value.replace(/^[ \t]+/, '')]),
    body,
  };
  return { method, bytes, expected, isStrict, isEnding: isUntilClose || (isClosing && random.chance(0.5)) };
}

function isFraming(name: string): boolean {
  return /^(?:content-length|transfer-encoding|connection)$/i.test(name);
}

function makeBody(random: Random, marker: string): string {
  const size = random.pick([0, 1, 5, 5, 20, 20, 100, 1000, 5000]);
  const filler = random.pick([
    'x',
    '\r\n',
    '0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n',
    '\0\xff',
    '5\r\nhello\r\n',
  ]);
  return size === 0
    ? ''
    : (marker + filler.repeat(Math.ceil(size / filler.length))).slice(0, Math.max(size, 1));
}

function chunk(random: Random, body: string, hasExtension: boolean): string {
  let bytes = '';
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, 1 + random.below(random.pick([3, 40, 4000])));
    const digits = random.chance(0.5) ? size.toString(16) : size.toString(16).toUpperCase();
    bytes += `${random.chance(0.1) ? '000' : ''}${digits}${hasExtension ? ';a=b' : ''}\r\n${body.slice(at, at + size)}\r\n`;
    at += size;
  }
  bytes += `${random.pick(['0', '0', '000'])}\r\n`;
  for (let count = random.chance(0.3) ? 1 + random.below(2) : 0; count > 0; count--)
    bytes += `X-Trailer: ${random.pick(VALUES)}\r\n`;
  return `${bytes}\r\n`;
}

function shuffle(random: Random, all: unknown[]): void {
  for (let last = all.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [all[last], all[other]] = [all[other], all[last]];
  }
}

const BYTES = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '-',
  '+',
  '0',
  '1',
  '5',
  'x',
  'a',
  '"',
  '\x7f',
  '\xff',
  '\x0b',
  '\r\n\r\n',
];
const CODINGS = [
  'xchunked',
  'chunkedx',
  'chunked, chunked',
  'gzip, chunked',
  'chunked, gzip',
  ',chunked',
  'chunked,',
  'chunked ',
  ' chunked',
  '\tchunked',
  '"chunked"',
  'chunked;q=1',
  'identity',
  'gzip',
  '',
];
const LENGTHS = [
  '+N',
  '-N',
  'N ',
  ' N',
  '\tN',
  'N\t',
  'N,N',
  'N, N',
  '0xN',
  'N.0',
  'Ne0',
  '"N"',
  '1 N',
  '',
  '18446744073709551616',
  '9007199254740993',
  '1844674407370955161N',
];
const FIELDS = [
  'Content-Length: 5',
  'Content-Length: 0',
  'Content-Length: +5',
  'Content-Length: 5,5',
  'Content-Length: 0x5',
  'Content-Length:  7',
  'Content-Length: 5 ',
  'Content-Length : 5',
  ' Content-Length: 5',
  'Content-Length: 18446744073709551617',
  'Content-Length:',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: identity',
  'Transfer-Encoding: gzip, chunked',
  'Transfer-Encoding: chunked, chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding : chunked',
  'Transfer-Encoding:',
  'Transfer-Encoding: chunked ',
  'Transfer-Encoding:\tchunked',
  'Connection: close',
  'Connection: keep-alive',
  'Connection: upgrade',
  'Upgrade: websocket',
  'Proxy-Connection: close',
  'Keep-Alive: timeout=1',
  'Keep-Alive: timeout=5, max=2',
  ' folded',
  '\tfolded',
  'nocolon',
  ': noname',
  'Trailer: x',
];
const WHOLE = [
  'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
  'HTTP/1.1 103 E\r\nConnection: close\r\n\r\n',
  'HTTP/1.1 199 E\r\nContent-Length: 3\r\n\r\n',
  'HTTP/1.1 204 N\r\nContent-Length: 3\r\n\r\n',
  'HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n',
  'HTTP/1.1 304 N\r\nContent-Length: 3\r\n\r\nabc',
  '\r\n',
  ' ',
  'HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n',
  'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx',
];

function mutate(random: Random, bytes: string): string {
  const at = random.below(bytes.length + 1);
  const lines = bytes.split('\r\n');
  const line = random.below(lines.length);
  // Mutations of the head are worth more than those of a body, and the head is in front.
  const near = random.below(Math.min(bytes.length, 160) + 1);
  switch (random.below(17)) {
    case 0:
      return bytes.slice(0, near) + random.pick(BYTES) + bytes.slice(near);
    case 1:
      return bytes.slice(0, near) + bytes.slice(near + 1);
    case 2:
      return bytes.slice(0, near) + random.pick(BYTES) + bytes.slice(near + 1);
    case 3:
      return bytes.slice(0, at) + random.pick(BYTES) + bytes.slice(at);
    case 4:
      return bytes.slice(0, at) + bytes.slice(at + 1);
    case 5:
      return bytes.slice(0, at);
    case 6:
      return [...lines.slice(0, line), lines[line], ...lines.slice(line)].join('\r\n');
    case 7:
      return [...lines.slice(0, line), ...lines.slice(line + 1)].join('\r\n');
    case 8:
      return `${lines.slice(0, line + 1).join('\r\n')}${random.pick(['\n', '\r', '\r\r\n', '\n\r', '\r\n '])}${lines.slice(line + 1).join('\r\n')}`;
    case 9:
    case 10:
      return [lines[0], random.pick(FIELDS), ...lines.slice(1)].join('\r\n');
    case 11:
      return bytes + random.pick(WHOLE);
    case 12:
      return random.pick(WHOLE) + bytes;
    case 14:
      return bytes.replace(/chunked/i, () => random.pick(CODINGS));
    case 15:
      return bytes.replace(/(?<=content-length: ?)\d+/i, (digits) =>
        random.pick(LENGTHS).replace('N', digits),
      );
    case 13:
      return bytes.replace(/\d+/g, (digits) => (random.chance(0.2) ? `${random.below(20)}` : digits));
    default:
      return bytes.replace(/(content-length|transfer-encoding):\s*/i, (field) =>
        random.pick([`${field} `, field.replace(':', ' :'), field.trimEnd(), `${field}\t`, `X${field}`]),
      );
  }
}

/** In one piece, in a few, or byte by byte. */
function cut(random: Random, bytes: string): string[] {
  if (random.chance(0.3) || bytes.length < 2) return [bytes];
  if (bytes.length < 120 && random.chance(0.1))
    return Array.from({ length: bytes.length }, (_, at) => bytes.charAt(at));
  const cuts = Array.from({ length: 1 + random.below(5) }, () => 1 + random.below(bytes.length - 1));
  const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length];
  const pieces: string[] = [];
  for (let index = 1; index < edges.length; index++) pieces.push(bytes.slice(edges[index - 1], edges[index]));
  return pieces.filter((piece) => piece !== '');
}
