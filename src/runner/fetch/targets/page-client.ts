// The HTTP client for list APIs: Node's own, with connections kept between pages. It is loaded with the first page
// that is requested: importing `node:http` also loads undici, which adds 25 ms to a start that most runs have no
// use for.

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { FetchLimits, FetchRequestOptions } from '../../../model/fetch-task.ts';
import { basicLogin, decodableLogin } from '../../../model/login.ts';
import { DEFAULT_NAME_OPTIONS } from '../../../model/name-options.ts';
import type { PageRequest } from '../../../model/list-api-options.ts';
import { HostNames } from '../../../dns/host-names.ts';
import { NameResolver } from '../../../dns/name-resolver.ts';

/** A page of a list is text; a larger answer is a mistake. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly message: IncomingMessage;
  readonly body: Buffer;
}

/** The time limits of one page; 0 means no limit. */
export type PageLimits = Pick<FetchLimits, 'totalMs' | 'firstByteMs' | 'idleMs'>;

export class PageClient implements Disposable {
  readonly #options: FetchRequestOptions;
  readonly #limits: PageLimits;
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;
  readonly #resolver: NameResolver;
  readonly #names: HostNames;

  constructor(options: FetchRequestOptions, limits: PageLimits) {
    const { proxy, isInsecure } = options;
    const [http, https] = [decodableLogin(proxy.http), decodableLogin(proxy.https)];
    const proxyEnv = { HTTP_PROXY: http, HTTPS_PROXY: https, NO_PROXY: proxy.except };
    const ca = options.ca === null ? {} : { ca: [...rootCertificates, options.ca] };
    this.#options = options;
    this.#limits = limits;
    const { names: nameOptions = DEFAULT_NAME_OPTIONS } = options;
    this.#resolver = new NameResolver({ options: nameOptions });
    this.#names = new HostNames(nameOptions.pins, this.#resolver);
    this.#http = new HttpAgent({ keepAlive: true, proxyEnv });
    this.#https = new HttpsAgent({ keepAlive: true, proxyEnv, rejectUnauthorized: !isInsecure, ...ca });
  }

  /** Sends one request. @throws whatever went wrong on the way */
  async send(page: PageRequest, signal: AbortSignal): Promise<Answer> {
    const url = new URL(page.url);
    const headers = headersOf(page, this.#options);
    // The login is already among the fields; Node would reject one with a "%" that begins no escape.
    url.username = '';
    url.password = '';
    const isTls = url.protocol === 'https:';
    const port = Number(url.port || (isTls ? 443 : 80));
    const { proxy } = this.#options;
    // The name lookup does not count towards the page's deadline.
    if ((isTls ? proxy.https : proxy.http) === '') await this.#find(url.hostname, port);
    const lookup: LookupFunction = (hostname, how, tell) =>
      this.#names.lookup(hostname, { ...how, port } as typeof how, tell);
    const { totalMs, firstByteMs, idleMs } = this.#limits;
    const request = (isTls ? httpsRequest : httpRequest)(url, {
      method: page.method,
      lookup,
      agent: isTls ? this.#https : this.#http,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(totalMs > 0 ? totalMs : 2 ** 31 - 1)]),
    });
    const silentMs = Math.max(firstByteMs, idleMs);
    request.setTimeout(silentMs, () => request.destroy(new Error(`nothing came for ${silentMs} ms`)));
    request.end(page.body ?? undefined);
    return readAnswer(request);
  }

  #find(hostname: string, port: number): Promise<void> {
    if (hostname.startsWith('[') || isIP(hostname) !== 0) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#names.resolve(hostname, port, (error) => (error === null ? resolve() : reject(error)));
    return promise;
  }

  [Symbol.dispose](): void {
    this.#resolver.close();
    this.#http.destroy();
    this.#https.destroy();
  }
}

function headersOf(
  page: PageRequest,
  { userAgent, headers, listHeaders = [], logins }: FetchRequestOptions,
): Record<string, string> {
  const url = new URL(page.url);
  const login = logins.find(({ host }) => host === url.hostname) ?? logins.find(({ host }) => host === '');
  const basic =
    basicLogin(url) ??
    (login === undefined ? undefined : Buffer.from(`${login.login}:${login.password}`).toString('base64'));
  return {
    'user-agent': userAgent,
    accept: 'application/json',
    'accept-encoding': 'br, gzip',
    ...(basic === undefined ? {} : { authorization: `Basic ${basic}` }),
    ...Object.fromEntries([...headers, ...listHeaders].map(([name, value]) => [name.toLowerCase(), value])),
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
