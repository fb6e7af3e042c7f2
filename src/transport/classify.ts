// Turns whatever was thrown into a failure code, inside the worker: classes and causes of errors do not
// survive the way to another thread.

import type { FailureCode } from '../model/errors.ts';
import { LaneError } from './lane-error.ts';
import { oneLine, thrownText } from '../model/one-line.ts';

/** Failure codes by the `code` of the error that Node, undici or a lane gave. */
const BY_CODE: Readonly<Record<string, FailureCode>> = {
  ECONNREFUSED: 'connect-refused',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  EHOSTUNREACH: 'connect-failed',
  ENETUNREACH: 'connect-failed',
  ENETDOWN: 'connect-failed',
  ERR_PRIVATE_ADDRESS: 'bad-redirect',
  ERR_NAME_UNKNOWN: 'name-unknown',
  ENOTFOUND: 'name-unknown',
  ERR_NAME_FAILED: 'dns',
  EAI_AGAIN: 'dns',
  EAI_NODATA: 'dns',
  ECONNRESET: 'connection-lost',
  EPIPE: 'connection-lost',
  ECONNABORTED: 'connection-lost',
  UND_ERR_SOCKET: 'connection-lost',
  ERR_HTTP2_STREAM_ERROR: 'connection-lost',
  ERR_HTTP2_GOAWAY_SESSION: 'connection-lost',
  ERR_HTTP2_SESSION_ERROR: 'connection-lost',
  UND_ERR_INFO: 'connection-lost',
  // OpenSSL's own codes, where no more telling code is given.
  EPROTO: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UND_ERR_PRX_TLS: 'tls',
  UND_ERR_PRX_CONN: 'proxy-unavailable',
  // undici asserts where a server sends something it holds to be impossible, such as a status of two digits.
  ERR_ASSERTION: 'protocol',
  UND_ERR_INVALID_ARG: 'bad-target',
  UND_ERR_HEADERS_TIMEOUT: 'first-byte-timeout',
  UND_ERR_BODY_TIMEOUT: 'idle-timeout',
  UND_ERR_HEADERS_OVERFLOW: 'headers-too-large',
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'body-too-large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'body-mismatch',
  EMFILE: 'out-of-files',
  ENFILE: 'out-of-files',
  EADDRNOTAVAIL: 'out-of-ports',
  EADDRINUSE: 'out-of-ports',
  ENOBUFS: 'out-of-buffers',
  ENOMEM: 'out-of-buffers',
  EAGAIN: 'out-of-buffers',
};

/** Name of undici's parser errors; they have no code where the parser gives its reason in words. */
const PARSER_ERROR = 'HTTPParserError';

/** undici's message for an answer to CONNECT that opens no tunnel; the status is nowhere else. */
const PROXY_ANSWER = /^Proxy response \((\d{3})\)/u;

interface Thrown {
  readonly message?: unknown;
  readonly name?: unknown;
  readonly code?: unknown;
}

/** The failure code of whatever a transport gave; `unknown` when nothing fits, never a throw. */
export function classify(error: unknown): FailureCode {
  let isLost = false;
  for (const candidate of causeChain(error)) {
    const { code } = candidate;
    if (candidate.name === PARSER_ERROR && code === undefined) return 'protocol';
    const proxyStatus = typeof candidate.message === 'string' && PROXY_ANSWER.exec(candidate.message)?.[1];
    if (typeof proxyStatus === 'string') return classifyProxy(Number(proxyStatus));
    if (candidate instanceof LaneError) {
      // A lost connection may have a cause that says more, such as an answer that is not HTTP.
      if (candidate.code !== 'connection-lost') return candidate.code;
      isLost = true;
      continue;
    }
    if (typeof code !== 'string') {
      if (isOwnMistake(candidate)) return 'internal';
      continue;
    }
    const known = BY_CODE[code];
    if (known !== undefined) return known;
    if (code.startsWith('HPE_')) return 'protocol';
    if (code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_') || code.includes('CERT')) return 'tls';
    if (code.startsWith('ERR_HTTP2_')) return 'protocol';
  }
  return isLost ? 'connection-lost' : 'unknown';
}

/** @param status the proxy's answer to CONNECT */
function classifyProxy(status: number): FailureCode {
  if (status === 407) return 'proxy-login';
  return status === 429 || status >= 500 ? 'proxy-unavailable' : 'proxy-refused';
}

/** True for an error that only the language's engine throws, for a mistake in a program. */
function isOwnMistake(error: Thrown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    error instanceof ReferenceError ||
    error instanceof URIError
  );
}

/** The error, its causes and, for an AggregateError, its parts: the nearest first, at most eight. */
function causeChain(error: unknown): Thrown[] {
  const chain: Thrown[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && chain.length < 8) {
    const next = queue.shift();
    if (typeof next !== 'object' || next === null) continue;
    chain.push(next);
    if (next instanceof AggregateError) queue.push(...next.errors);
    if (next instanceof Error && next.cause !== undefined) queue.push(next.cause);
  }
  return chain;
}

/** One line on what happened, without a stack, for the failures that an account quotes. */
export function describeError(error: unknown): string {
  return oneLine(wordsOf(error));
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Leaves out the code, which is the failure's own and is shown beside the message.
  if (error instanceof LaneError) return error.message;
  if (classify(error) === 'internal') return thrownText(error);
  const code = (error as { code?: unknown }).code;
  const text = error.message === '' ? error.name : error.message;
  return typeof code === 'string' && !text.includes(code) ? `${code}: ${text}` : text;
}
