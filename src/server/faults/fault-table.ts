// Every fault as data: what it does on the wire and what a target must become because of it. A new fault is
// one more entry. Nothing here knows a socket.

import { gzipSync } from 'node:zlib';
import type { FailureCode } from '../../model/errors.ts';
import {
  ANSWERED,
  type Asked,
  chunkedPart,
  drip,
  END,
  flood,
  head,
  outage,
  pick,
  redirectTo,
  refusal,
  RESET,
  rightAnswer,
  rightHead,
  send,
  STALL,
  type Step,
  wait,
} from './fault-steps.ts';

export interface Fault {
  /** Faults of one group share the ratio that is given to the group's name. */
  readonly group: string;
  /** What the fault does on the wire, for a person to read. */
  readonly does: string;
  /** What a client must report for the target. */
  readonly becomes: FailureCode | 'ok';
  /**
   * The option of `spillway fetch` that ends or cures the fault; without it a client would wait long or give
   * up.
   */
  readonly endedBy?: string;
  /** How many requests for a target the fault hits; later ones are answered correctly. @default all */
  readonly times?: number;
  /** The delay of the answer starts only when everything before it on the connection is answered. */
  readonly isSequential?: true;
  readonly play: (asked: Asked) => readonly Step[];
}

/** Longest wait of the latency tail. */
const MAX_TAIL_MS = 3000;
const TAIL_SCALE_MS = 100;
/** Shape of the Pareto distribution of the latency tail; below 2 its variance has no bound. */
const TAIL_SHAPE = 1.2;
const OUTAGE_MS = 300;
/** An endless body comes at 4 MB/s: a cap of megabytes is reached at once, and a client without one fills no disk. */
const FLOOD_BYTES = Buffer.alloc(64 * 1024, 'x');
const FLOOD_EVERY_MS = 16;
const DRIP_BYTES = 256;
const GIGANTIC_BYTES = 1024 * 1024;
/**
 * How many gzip members a bomb has. Each decodes to 8 MiB from 8 KB; members in a row are one gzip body (RFC
 * 1952, section 2.2).
 */
const BOMB_MEMBERS = 16;
const BOMB_MEMBER_BYTES = 8 * 1024 * 1024;
/** Long enough that a client has read what was sent before a reset. */
const BEFORE_RESET_MS = 5;

const CHUNKED = head('200 OK', 'Transfer-Encoding: chunked');
const GZIP = 'Content-Encoding: gzip';
const RAW_UTF8 = Buffer.from('grün', 'utf8').toString('latin1');
const ENCODING_WORDS = ['UTF-8', 'none', 'binary', 'aws-chunked', 'identity'] as const;

let bombMember: Buffer | undefined;

/** The right answer, after which the connection stays open. */
const whole = (asked: Asked): Step[] => [send(rightAnswer(asked)), ANSWERED];
/** The bytes without the last ones, cut at a position that is the target's own. */
const cut = (asked: Asked, bytes: Buffer, least: number): Buffer =>
  bytes.subarray(0, pick(asked, least, bytes.length - 1));
const cutHead = (asked: Asked): Buffer => cut(asked, Buffer.from(rightHead(asked), 'latin1'), 1);
const cutBody = (asked: Asked): Buffer => {
  const { length } = rightHead(asked);
  return cut(asked, rightAnswer(asked), length);
};
const gzipped = (asked: Asked, bytes: Buffer): Step[] => [
  send(rightHead({ ...asked, body: bytes }, GZIP)),
  send(bytes),
];
const noiseOf = (asked: Asked, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => pick(asked, 0, 255)));

const TABLE = {
  none: {
    group: 'none',
    does: 'answers rightly',
    becomes: 'ok',
    play: whole,
  },

  latency: {
    group: 'slow',
    does: 'answers late: a Pareto tail, 3 s at most',
    becomes: 'ok',
    play: (asked) => [wait(tailMs(asked.random())), ...whole(asked)],
  },
  'byte-by-byte': {
    group: 'slow',
    does: 'sends the first 256 bytes one at a time, a millisecond apart',
    becomes: 'ok',
    play: (asked) => [
      drip(rightAnswer(asked).subarray(0, DRIP_BYTES), 1),
      send(rightAnswer(asked).subarray(DRIP_BYTES)),
      ANSWERED,
    ],
  },
  sequential: {
    group: 'slow',
    does: 'begins to work on the request only when all before it on the connection are answered',
    becomes: 'ok',
    isSequential: true,
    play: (asked) => [wait(asked.delayMs), ...whole(asked)],
  },

  'throttle-seconds': {
    group: 'throttle',
    does: '429 with Retry-After: 1, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => refusal('429 Too Many Requests', 'Retry-After: 1'),
  },
  'throttle-date': {
    group: 'throttle',
    does: '503 with the date of one to two seconds from now in Retry-After, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => refusal('503 Service Unavailable', `Retry-After: ${dateAhead()}`),
  },
  'throttle-words': {
    group: 'throttle',
    does: '503 with Retry-After: soon, which is no time, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => refusal('503 Service Unavailable', 'Retry-After: soon'),
  },
  'throttle-day': {
    group: 'throttle',
    does: '503 with Retry-After: 86400, each time',
    becomes: 'http-status',
    endedBy: '--max-retry-wait',
    play: () => refusal('503 Service Unavailable', 'Retry-After: 86400'),
  },

  'error-once': {
    group: 'status',
    does: '500, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => refusal('500 Internal Server Error'),
  },
  error: {
    group: 'status',
    does: '500, each time',
    becomes: 'http-status',
    play: () => refusal('500 Internal Server Error'),
  },
  missing: {
    group: 'status',
    does: '404',
    becomes: 'http-status',
    play: () => refusal('404 Not Found'),
  },
  'error-endless': {
    group: 'status',
    does: '404 with a body that does not end',
    becomes: 'http-status',
    play: () => [
      send(head('404 Not Found', 'Transfer-Encoding: chunked')),
      flood(chunkedPart(FLOOD_BYTES), FLOOD_EVERY_MS),
    ],
  },

  refused: {
    group: 'connect',
    does: 'redirects to a port where nobody listens',
    becomes: 'connect-refused',
    play: (asked) => redirectTo(asked.at('refused')),
  },
  outage: {
    group: 'connect',
    does: 'the origin dies: every connection is reset and none is taken for 300 ms; then it is back',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => [outage(OUTAGE_MS)],
  },

  'reset-at-once': {
    group: 'reset',
    does: 'RST before the first byte',
    becomes: 'connection-lost',
    play: () => [RESET],
  },
  'reset-in-head': {
    group: 'reset',
    does: 'RST inside the header section',
    becomes: 'connection-lost',
    play: (asked) => [send(cutHead(asked)), wait(BEFORE_RESET_MS), RESET],
  },
  'reset-after-head': {
    group: 'reset',
    does: 'RST between the header section and the body',
    becomes: 'body-mismatch',
    play: (asked) => [send(rightHead(asked)), wait(BEFORE_RESET_MS), RESET],
  },
  'reset-in-body': {
    group: 'reset',
    does: 'RST inside the body',
    becomes: 'body-mismatch',
    play: (asked) => [send(cutBody(asked)), wait(BEFORE_RESET_MS), RESET],
  },
  'reset-once': {
    group: 'reset',
    does: 'RST before the first byte, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => [RESET],
  },
  'end-at-once': {
    group: 'reset',
    does: 'FIN before the first byte',
    becomes: 'connection-lost',
    play: () => [END],
  },
  'end-in-head': {
    group: 'reset',
    does: 'FIN inside the header section',
    becomes: 'connection-lost',
    play: (asked) => [send(cutHead(asked)), END],
  },

  'stall-at-start': {
    group: 'stall',
    does: 'takes the request and says nothing',
    becomes: 'first-byte-timeout',
    endedBy: '--first-byte-timeout',
    play: () => [STALL],
  },
  'stall-in-head': {
    group: 'stall',
    does: 'stands still inside the header section',
    becomes: 'first-byte-timeout',
    endedBy: '--first-byte-timeout',
    play: (asked) => [send(cutHead(asked)), STALL],
  },
  'stall-in-body': {
    group: 'stall',
    does: 'stands still inside the body, or before it',
    becomes: 'idle-timeout',
    endedBy: '--idle-timeout',
    play: (asked) => [send(cutBody(asked)), STALL],
  },
  'stall-once': {
    group: 'stall',
    does: 'stands still at any byte of the answer, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: (asked) => [send(cut(asked, rightAnswer(asked), 0)), STALL],
  },

  'body-short': {
    group: 'body',
    does: 'ends the connection before the promised length',
    becomes: 'body-mismatch',
    play: (asked) => [send(cutBody(asked)), END],
  },
  'body-long': {
    group: 'body',
    does: 'in one write with the right answer, more bytes than promised that look like the next answer',
    becomes: 'ok',
    // Were they to come once the next request is sent, no client of HTTP/1.1 could tell them from its answer.
    play: (asked) => [
      send(Buffer.concat([rightAnswer(asked), Buffer.from(`${head('200 OK', 'Content-Length: 5')}wrong`)])),
      ANSWERED,
    ],
  },
  'body-endless': {
    group: 'body',
    does: 'a body that does not end, 4 MB a second',
    becomes: 'body-too-large',
    endedBy: '--max-body',
    play: () => [send(CHUNKED), flood(chunkedPart(FLOOD_BYTES), FLOOD_EVERY_MS)],
  },
  'body-huge': {
    group: 'body',
    does: 'promises nine petabytes',
    becomes: 'body-too-large',
    endedBy: '--max-body',
    play: () => [
      send(head('200 OK', 'Content-Length: 9000000000000000')),
      flood(FLOOD_BYTES, FLOOD_EVERY_MS),
    ],
  },
  'body-drip': {
    group: 'body',
    does: 'ten bytes a second for more than a day',
    becomes: 'too-slow',
    endedBy: '--min-speed',
    play: () => [send(head('200 OK', 'Content-Length: 1000000')), flood('x', 100)],
  },
  'body-until-close': {
    group: 'body',
    does: 'no length: the body lasts until the connection is closed',
    becomes: 'ok',
    play: (asked) => [send(head('200 OK', 'Connection: close')), send(asked.body), ANSWERED, END],
  },
  'length-twice': {
    group: 'body',
    does: 'two lengths that differ',
    becomes: 'body-mismatch',
    play: (asked) => [send(rightHead(asked, 'Content-Length: 3')), send(asked.body), END],
  },
  'length-negative': {
    group: 'body',
    does: 'a length below zero',
    becomes: 'protocol',
    play: (asked) => [send(head('200 OK', 'Content-Length: -1')), send(asked.body), END],
  },
  'length-and-chunks': {
    group: 'body',
    does: 'a length and chunks, which a proxy may read as another answer',
    becomes: 'protocol',
    play: (asked) => [
      send(rightHead(asked, 'Transfer-Encoding: chunked')),
      send(chunkedPart(asked.body)),
      send('0\r\n\r\n'),
    ],
  },

  chunks: {
    group: 'chunk',
    does: 'chunks, the first of one byte each, with extensions, and a trailer',
    becomes: 'ok',
    play: (asked) => [
      send(head('200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-End')),
      ...[...asked.body.subarray(0, DRIP_BYTES)].map((byte) => send(chunkedPart(Buffer.of(byte), ';a=1'))),
      ...(asked.body.length > DRIP_BYTES ? [send(chunkedPart(asked.body.subarray(DRIP_BYTES)))] : []),
      send('0\r\nX-End: 1\r\n\r\n'),
      ANSWERED,
    ],
  },
  'chunk-cut': {
    group: 'chunk',
    does: 'ends the connection inside a chunk',
    becomes: 'connection-lost',
    play: (asked) => [
      send(CHUNKED),
      send(chunkedPart(Buffer.concat([asked.body, asked.body])).subarray(0, -3)),
      END,
    ],
  },
  'chunk-unended': {
    group: 'chunk',
    does: 'ends the connection without a last chunk',
    becomes: 'connection-lost',
    play: (asked) => [send(CHUNKED), send(chunkedPart(asked.body)), END],
  },
  'chunk-size': {
    group: 'chunk',
    does: 'a chunk size that is no number',
    becomes: 'protocol',
    play: (asked) => [send(CHUNKED), send('zz\r\n'), send(asked.body), send('\r\n0\r\n\r\n'), END],
  },
  'chunk-overflow': {
    group: 'chunk',
    does: 'a chunk size of 80 bits',
    becomes: 'protocol',
    play: (asked) => [send(CHUNKED), send(`${'f'.repeat(20)}\r\n`), send(asked.body), END],
  },
  'chunk-end': {
    group: 'chunk',
    does: 'a chunk that is longer than its size',
    becomes: 'protocol',
    play: (asked) => [send(CHUNKED), send('1\r\n'), send(Buffer.concat([asked.body, asked.body])), END],
  },

  noise: {
    group: 'garbage',
    does: 'random bytes',
    becomes: 'protocol',
    play: (asked) => [send(Buffer.of(pick(asked, 128, 255))), send(noiseOf(asked, 512)), END],
  },
  'other-protocol': {
    group: 'garbage',
    does: 'the greeting of an SSH server',
    becomes: 'protocol',
    play: () => [send('SSH-2.0-OpenSSH_9.2p1\r\n'), STALL],
  },
  'http2-frames': {
    group: 'garbage',
    does: 'the settings frame of an HTTP/2 server',
    becomes: 'protocol',
    play: () => [send(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])), STALL],
  },
  'terminal-codes': {
    group: 'garbage',
    does: 'control sequences of a terminal, and script, where a client may print what it found',
    becomes: 'bad-redirect',
    play: () => redirectTo('javascript:alert("%1b[2J")//<script>'),
  },
  'interim-flood': {
    group: 'garbage',
    does: 'interim answers (103) without end, a hundred a second',
    becomes: 'first-byte-timeout',
    endedBy: '--first-byte-timeout',
    play: () => [flood(head('103 Early Hints', 'Link: </x>; rel=preload'), 10)],
  },

  'head-gigantic': {
    group: 'headers',
    does: 'a header field of 1 MiB',
    becomes: 'headers-too-large',
    play: (asked) => [send(rightHead(asked, `X-Long: ${'x'.repeat(GIGANTIC_BYTES)}`)), send(asked.body)],
  },
  'head-endless': {
    group: 'headers',
    does: 'header fields without end',
    becomes: 'headers-too-large',
    play: () => [send('HTTP/1.1 200 OK\r\n'), flood('X-More: xxxxxxxxxxxxxxxx\r\n'.repeat(40), 2)],
  },

  gzip: {
    group: 'encoding',
    does: 'the right body in gzip',
    becomes: 'ok',
    play: (asked) => [...gzipped(asked, gzipSync(asked.body)), ANSWERED],
  },
  'gzip-bomb': {
    group: 'encoding',
    does: '128 KB that decode to 128 MiB',
    becomes: 'body-too-large',
    endedBy: '--max-body',
    play: (asked) => gzipped(asked, makeBomb()),
  },
  'gzip-broken': {
    group: 'encoding',
    does: 'says gzip, and sends plain text',
    becomes: 'bad-encoding',
    play: (asked) => gzipped(asked, Buffer.concat([Buffer.from('plain text '), asked.body])),
  },
  'gzip-cut': {
    group: 'encoding',
    does: 'a gzip body of the promised length whose end is missing',
    becomes: 'bad-encoding',
    play: (asked) => gzipped(asked, gzipSync(asked.body).subarray(0, -6)),
  },
  'encoding-word': {
    group: 'encoding',
    does: 'a Content-Encoding that is a charset or says none, over the plain body',
    becomes: 'ok',
    play: (asked) => [
      send(
        rightHead(asked, `Content-Encoding: ${ENCODING_WORDS[pick(asked, 0, ENCODING_WORDS.length - 1)]}`),
      ),
      send(asked.body),
      ANSWERED,
    ],
  },
  'encoding-unknown': {
    group: 'encoding',
    does: 'a content coding that nobody knows',
    becomes: 'bad-encoding',
    play: (asked) => [send(rightHead(asked, 'Content-Encoding: x-rot13')), send(asked.body)],
  },

  'redirect-once': {
    group: 'redirect',
    does: 'redirects once, then the right answer',
    becomes: 'ok',
    endedBy: '--max-redirects',
    play: (asked) => (asked.query === '' ? redirectTo(`${asked.path}?hop=1`) : whole(asked)),
  },
  'redirect-utf8': {
    group: 'redirect',
    does: 'redirects to a Location in raw UTF-8, then the right answer',
    becomes: 'ok',
    endedBy: '--max-redirects',
    play: (asked) => (asked.query === '' ? redirectTo(`${asked.path}?hop=${RAW_UTF8}`) : whole(asked)),
  },
  'redirect-twice': {
    group: 'redirect',
    does: 'redirects with two Location fields, of which the first is right',
    becomes: 'ok',
    endedBy: '--max-redirects',
    play: (asked) =>
      asked.query === ''
        ? refusal('302 Found', `Location: ${asked.path}?hop=1\r\nLocation: /elsewhere`)
        : whole(asked),
  },
  'redirect-to-itself': {
    group: 'redirect',
    does: 'redirects to the same URL with a cookie, then the right answer',
    becomes: 'ok',
    endedBy: '--max-redirects',
    times: 1,
    play: (asked) => refusal('302 Found', `Location: ${asked.path}\r\nSet-Cookie: seen=1; Path=/`),
  },
  'redirect-loop': {
    group: 'redirect',
    does: 'redirects without end, each time to another URL',
    becomes: 'too-many-redirects',
    endedBy: '--max-redirects',
    play: (asked) =>
      redirectTo(`${asked.path}?hop=${Number(/^hop=(\d{1,6})$/.exec(asked.query)?.[1] ?? 0) + 1}`),
  },
  'redirect-to-stream': {
    group: 'redirect',
    does: 'redirects to a body that does not end',
    becomes: 'body-too-large',
    endedBy: '--max-body',
    play: (asked) =>
      asked.query === ''
        ? redirectTo(`${asked.path}?stream`)
        : [send(CHUNKED), flood(chunkedPart(FLOOD_BYTES), FLOOD_EVERY_MS)],
  },
  'redirect-elsewhere': {
    group: 'redirect',
    does: 'redirects to a file',
    becomes: 'bad-redirect',
    play: () => redirectTo('file:///etc/passwd'),
  },
  'redirect-nowhere': {
    group: 'redirect',
    does: 'redirects and does not say where to',
    becomes: 'bad-redirect',
    play: () => refusal('302 Found'),
  },

  'closed-under-request': {
    group: 'keep-alive',
    does: 'FIN on a kept connection when the request is there, then the right answer',
    becomes: 'ok',
    endedBy: '--retries',
    times: 1,
    play: () => [END],
  },
  'closed-after-answer': {
    group: 'keep-alive',
    does: 'the right answer, then FIN, although nothing said so',
    becomes: 'ok',
    play: (asked) => [...whole(asked), END],
  },
  'closed-as-said': {
    group: 'keep-alive',
    does: 'the right answer with Connection: close, then FIN',
    becomes: 'ok',
    play: (asked) => [send(rightAnswer(asked, 'Connection: close')), ANSWERED, END],
  },

  'tls-expired': {
    group: 'tls',
    does: 'redirects to a server whose certificate has expired',
    becomes: 'tls',
    play: (asked) => redirectTo(asked.at('expired')),
  },
  'tls-self-signed': {
    group: 'tls',
    does: 'redirects to a server whose certificate nobody vouches for',
    becomes: 'tls',
    play: (asked) => redirectTo(asked.at('self-signed')),
  },
  'tls-hangs': {
    group: 'tls',
    does: 'redirects to a server that takes the connection and says nothing to the TLS handshake',
    becomes: 'connect-timeout',
    endedBy: '--connect-timeout',
    play: (asked) => redirectTo(asked.at('hanging')),
  },
  'tls-plain': {
    group: 'tls',
    does: 'redirects to a server that speaks plain HTTP where TLS is asked for',
    becomes: 'tls',
    play: (asked) => redirectTo(asked.at('plain')),
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof TABLE;

export const FAULTS: Readonly<Record<FaultName, Fault>> = TABLE;

export const FAULT_NAMES = Object.keys(TABLE) as readonly FaultName[];

/** Inverse of the Pareto distribution function (type II, Lomax), so that most are little late. */
function tailMs(random: number): number {
  return Math.min(MAX_TAIL_MS, TAIL_SCALE_MS * ((1 - random) ** (-1 / TAIL_SHAPE) - 1));
}

/** The whole second that is one to two seconds ahead, as an HTTP date has no finer ones. */
function dateAhead(): string {
  return new Date((Math.floor(Date.now() / 1000) + 2) * 1000).toUTCString();
}

function makeBomb(): Buffer {
  bombMember ??= gzipSync(Buffer.alloc(BOMB_MEMBER_BYTES), { level: 9 });
  return Buffer.concat(Array.from({ length: BOMB_MEMBERS }, () => bombMember as Buffer));
}
