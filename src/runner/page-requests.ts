// How the runner asks a list API for its pages: a few requests, one after the other, so Node's own client is enough.
// Retries and deadlines as for targets; a page that cannot be had is an ERR_SOURCE, because no target follows it.

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { setTimeout as wait } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { SpillwayError } from '../model/errors.ts';
import type { FetchLimits, FetchRequestOptions } from '../model/fetch-task.ts';
import { isRetryableStatus, parseRetryAfterMs, retryDelayMs } from '../model/retry-policy.ts';
import type { PageAnswer, PageRequest, RequestPage } from '../model/list-api-options.ts';

/** A page of a list is text; a larger one is a mistake. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

/** Makes the function that a list API source asks through; connections are kept between pages. */
export function makeRequestPage(options: FetchRequestOptions, limits: FetchLimits): RequestPage & Disposable {
  const { proxy } = options;
  const proxyEnv = { HTTP_PROXY: proxy.http, HTTPS_PROXY: proxy.https, NO_PROXY: proxy.except };
  const ca = options.ca === null ? {} : { ca: [...rootCertificates, options.ca] };
  const agents = {
    'http:': new HttpAgent({ keepAlive: true, proxyEnv }),
    'https:': new HttpsAgent({ keepAlive: true, proxyEnv, rejectUnauthorized: !options.isInsecure, ...ca }),
  };
  const send = (page: PageRequest, signal: AbortSignal): Promise<Answer> => {
    const url = new URL(page.url);
    const isTls = url.protocol === 'https:';
    const request = (isTls ? httpsRequest : httpRequest)(url, {
      method: page.method,
      agent: isTls ? agents['https:'] : agents['http:'],
      headers: headersOf(page, options),
      signal: AbortSignal.any([
        signal,
        AbortSignal.timeout(limits.totalMs > 0 ? limits.totalMs : 2 ** 31 - 1),
      ]),
    });
    request.end(page.body ?? undefined);
    return readAnswer(request);
  };
  const ask: RequestPage = async (page, signal) => {
    for (let attempts = 1; ; attempts++) {
      const tried = await attempt(() => send(page, signal));
      if (tried.answer !== undefined && tried.answer.status < 300) return toPageAnswer(tried.answer);
      if (signal.aborted) throw sourceError(page, 'the walk was stopped');
      const mayRetry = tried.answer === undefined || isRetryableStatus(tried.answer.status);
      const retryAfter = tried.answer?.message.headers['retry-after'];
      const retryAfterMs = parseRetryAfterMs(retryAfter, Date.now());
      if (!mayRetry || attempts > limits.maxRetries || retryAfterMs > limits.maxRetryWaitMs) {
        throw sourceError(
          page,
          `expected a page of the list, found ${tried.problem} after ${attempts} attempts`,
        );
      }
      await wait(retryDelayMs(attempts, retryAfterMs, Math.random()), undefined, { signal }).catch(() => {});
    }
  };
  return Object.assign(ask, {
    [Symbol.dispose]: () => {
      agents['http:'].destroy();
      agents['https:'].destroy();
    },
  });
}

async function attempt(send: () => Promise<Answer>): Promise<{ answer?: Answer; problem: string }> {
  try {
    const answer = await send();
    return { answer, problem: `status ${answer.status}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message || error.name : String(error) };
  }
}

function headersOf(
  page: PageRequest,
  { userAgent, headers, logins }: FetchRequestOptions,
): Record<string, string> {
  const url = new URL(page.url);
  const login = logins.find(({ host }) => host === url.hostname) ?? logins.find(({ host }) => host === '');
  const basic =
    login === undefined ? undefined : Buffer.from(`${login.login}:${login.password}`).toString('base64');
  return {
    'user-agent': userAgent,
    accept: 'application/json',
    'accept-encoding': 'br, gzip',
    ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
    ...Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    ...(page.contentType === null ? {} : { 'content-type': page.contentType }),
    ...(page.body === null ? {} : { 'content-length': String(Buffer.byteLength(page.body)) }),
  };
}

async function readAnswer(request: ClientRequest): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once('response', resolve);
  request.on('error', reject);
  const message = await promise;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_PAGE_BYTES) throw new Error(`more than ${MAX_PAGE_BYTES} bytes in one page`);
    chunks.push(chunk);
  }
  return { status: message.statusCode ?? 0, message, body: unpack(message, Buffer.concat(chunks)) };
}

function unpack(message: IncomingMessage, body: Buffer): Buffer {
  const coding = message.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (coding === 'gzip') return gunzipSync(body, { maxOutputLength: MAX_PAGE_BYTES });
  if (coding === 'br') return brotliDecompressSync(body, { maxOutputLength: MAX_PAGE_BYTES });
  if (coding === 'identity' || coding === '') return body;
  throw new Error(`a page in the coding ${coding}`);
}

function toPageAnswer({ message, body }: Answer): PageAnswer {
  return {
    header: (name) => {
      const value = message.headers[name.toLowerCase()];
      return Array.isArray(value) ? value.join(', ') : value;
    },
    body: body.toString(),
  };
}

function sourceError(page: PageRequest, problem: string): SpillwayError {
  const url = new URL(page.url);
  return new SpillwayError('ERR_SOURCE', `${url.origin}${url.pathname}: ${problem}`);
}
