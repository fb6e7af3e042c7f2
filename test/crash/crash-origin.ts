// The other side of a run that is killed: files of many sizes and awkward names, a paginated list of them, and counts of
// its own, which are the witness of what was asked for again.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PER_PAGE = 50;
const PIECE_BYTES = 32 * 1024;

/** When more may be written, or nobody reads any more. */
async function drained(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  response.on('drain', resolve).on('close', resolve);
  await promise;
  response.off('drain', resolve).off('close', resolve);
}

export interface CrashOriginOptions {
  readonly count: number;
  /** Before the answer begins. */
  readonly delayMs: number;
  /** Of every file whose number ends with the digits 7. */
  readonly largeBytes: number;
  /** Files that all suggest one name, besides their own. */
  readonly sameNameEvery: number;
}

export class CrashOrigin {
  readonly options: CrashOriginOptions;
  /** Requests by number of the file. */
  readonly asked: Uint16Array;
  /** Files that must not be asked for again, because the journal has them. */
  readonly settled = new Set<number>();
  /** What was asked for all the same. */
  readonly violations: number[] = [];
  #server: Server;
  #port = 0;
  #answered = 0;
  readonly #watching: { readonly count: number; readonly resolve: () => void }[] = [];

  constructor(options: CrashOriginOptions) {
    this.options = options;
    this.asked = new Uint16Array(options.count);
    this.#server = this.#make();
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Files sent to their end so far. */
  get answered(): number {
    return this.#answered;
  }

  urlOf(number: number): string {
    return `${this.origin}/api/download/${number}`;
  }

  /** The same for the same number. */
  bodyOf(number: number): Buffer {
    const { largeBytes } = this.options;
    const bytes = number % 10 === 7 ? largeBytes : (number * 37) % 700;
    return Buffer.alloc(bytes, `the body of file ${number}, "quoted" \\ and \u20ac\n`);
  }

  /** The digest that a certificate of all files has to have: sorted lines, joined and hashed. */
  digest(): string {
    const lines = Array.from({ length: this.options.count }, (_, number) => {
      const body = this.bodyOf(number);
      const sha256 = createHash('sha256').update(body).digest('hex');
      return `${this.urlOf(number)}\t${body.length}\t${sha256}\n`;
    });
    return `sha256:${createHash('sha256').update(lines.sort().join('')).digest('hex')}`;
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Cuts every connection wherever it is and comes back on the same port. */
  async restart(): Promise<void> {
    await this.stop();
    this.#server = this.#make();
    await this.start();
  }

  /** Resolves once `count` files were sent. */
  sent(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#answered >= count) resolve();
    else this.#watching.push({ count, resolve });
    return promise;
  }

  #make(): Server {
    return createServer((request, response) => {
      request.on('error', () => {});
      response.on('error', () => {});
      this.#answer(request, response);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    if (path.startsWith('/api/list_files')) {
      let form = '';
      request.on('data', (chunk: Buffer) => (form += String(chunk)));
      request.on('end', () => this.#sendPage(new URLSearchParams(form), response));
      return;
    }
    const number = Number(path.slice('/api/download/'.length));
    this.asked[number] = (this.asked[number] ?? 0) + 1;
    if (this.settled.has(number)) this.violations.push(number);
    setTimeout(() => void this.#sendFile(number, response), this.options.delayMs);
  }

  #sendPage(form: URLSearchParams, response: ServerResponse): void {
    const start = Number(form.get('start') ?? '0');
    const size = Math.min(PER_PAGE, Number(form.get('per_page') ?? '3'));
    const { count } = this.options;
    const numbers = Array.from({ length: Math.max(0, Math.min(size, count - start)) }, (_, at) => start + at);
    response.setHeader('more', start + size < count ? 'true' : 'false');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ urls: numbers.map(String) }));
  }

  async #sendFile(number: number, response: ServerResponse): Promise<void> {
    if (response.destroyed) return;
    const body = this.bodyOf(number);
    if (number % this.options.sameNameEvery === 0)
      response.setHeader('content-disposition', 'attachment; filename="same.txt"');
    response.setHeader('content-length', body.length);
    for (let at = 0; at < body.length; at += PIECE_BYTES) {
      if (response.destroyed) return;
      // A body that takes several turns can be cut in its middle.
      if (!response.write(body.subarray(at, at + PIECE_BYTES))) await drained(response);
    }
    response.end(() => this.#noteAnswer());
  }

  #noteAnswer(): void {
    this.#answered++;
    for (let at = this.#watching.length - 1; at >= 0; at--) {
      const watcher = this.#watching[at];
      if (watcher === undefined || watcher.count > this.#answered) continue;
      this.#watching.splice(at, 1);
      watcher.resolve();
    }
  }
}
