// A server of large bodies that sends them no faster than so much at a time, counts what it has sent, and says when it has
// sent so much: for whoever kills a program in the middle of one. Honours Range and If-Range.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

const PIECE_BYTES = 64 * 1024;
const PAUSE_MS = 1;

export class PacedBody implements AsyncDisposable {
  /** Replaced by whoever wants the server to have another one from now on. */
  body: Buffer;
  tag: string;
  /** Sends nothing from this byte of the body on. */
  stallAtByte = Infinity;
  sentBytes = 0;
  readonly ranges: (string | undefined)[] = [];
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #watchers: { readonly bytes: number; readonly resolve: () => void }[] = [];

  constructor(body: Buffer, tag = '"one"') {
    this.body = body;
    this.tag = tag;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves once so many bytes have been sent in all. */
  async sent(bytes: number): Promise<void> {
    if (this.sentBytes >= bytes) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#watchers.push({ bytes, resolve });
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { body, tag } = this;
    const { range, 'if-range': ifRange } = request.headers as Record<string, string | undefined>;
    this.ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/u.exec(range ?? '')?.[1] ?? 0);
    const isPart = range !== undefined && (ifRange === undefined || ifRange === tag);
    const start = isPart ? from : 0;
    if (start >= body.length && isPart) {
      response.writeHead(416, { 'content-range': `bytes */${body.length}`, etag: tag }).end();
      return;
    }
    response.writeHead(isPart ? 206 : 200, {
      etag: tag,
      'x-of-the-first-answer': 'kept',
      'content-length': body.length - start,
      ...(isPart ? { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` } : {}),
    });
    // What the kernel would take ahead of a reader is not sent.
    response.socket?.setNoDelay(true);
    for (let at = start; at < body.length && !response.destroyed; at += PIECE_BYTES) {
      if (at >= this.stallAtByte) return;
      const piece = body.subarray(at, at + PIECE_BYTES);
      await new Promise<unknown>((resolve) => response.write(piece, resolve));
      this.sentBytes += piece.length;
      for (const { bytes, resolve } of this.#watchers) if (this.sentBytes >= bytes) resolve();
      this.#watchers = this.#watchers.filter(({ bytes }) => this.sentBytes < bytes);
      await wait(PAUSE_MS);
    }
    response.end();
  }
}
