// Sends the answers of trials, downloads and bodies on Fastify: counts a request at once, and sends and
// counts its answer when the delay is over.

import type { Http2ServerResponse } from 'node:http2';
import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AnswerAccount } from './answer-account.ts';
import { connectionOf } from './connection.ts';
import type { Connection } from './connection.ts';
import { DelayQueue } from './delay-queue.ts';
import type { RouteContext } from './route-context.ts';

/** `uncounted`: delayed like the others but in no count: the answer to a HEAD, and a body of `/bytes`. */
type Kind = 'trial' | 'download' | 'uncounted';
type ReplyBody = string | Buffer | Readable;

interface DelayedReply {
  readonly reply: FastifyReply;
  readonly connection: Connection;
  readonly kind: Kind;
  readonly number: number;
  readonly makeBody: () => ReplyBody;
}

export class DelayedReplies {
  readonly #context: RouteContext;
  readonly #queue: DelayQueue<DelayedReply>;

  constructor(context: RouteContext) {
    this.#context = context;
    this.#queue = new DelayQueue(context.facts.delayMs, (due) => {
      for (const delayed of due) this.#send(delayed);
    });
  }

  /**
   * Sends `body` when the delay is over, with the header fields that were set on `reply` before, its type
   * included.
   */
  add(
    request: FastifyRequest,
    reply: FastifyReply,
    kind: 'trial' | 'download',
    number: number,
    body: string,
  ): void {
    const counted = request.method === 'HEAD' ? 'uncounted' : kind;
    this.#add(request, reply, { kind: counted, number, makeBody: () => body });
  }

  /** Sends what `makeBody` returns when the delay is over. Set type and length on `reply` before. */
  addUncounted(request: FastifyRequest, reply: FastifyReply, makeBody: () => ReplyBody): void {
    this.#add(request, reply, { kind: 'uncounted', number: 0, makeBody });
  }

  #add(
    request: FastifyRequest,
    reply: FastifyReply,
    what: Pick<DelayedReply, 'kind' | 'number' | 'makeBody'>,
  ): void {
    const receivedMs = performance.now();
    const connection = connectionOf(request.raw.socket);
    const delayed: DelayedReply = { reply, connection, ...what };
    connection.waitingCount++;
    this.#owe(delayed, 1);
    this.#account(delayed.kind)?.receive(1);
    if (this.#context.facts.delayMs === 0) this.#send(delayed);
    else this.#queue.add(delayed, receivedMs);
  }

  #send(delayed: DelayedReply): void {
    const { reply, connection, makeBody } = delayed;
    connection.waitingCount--;
    // What was owed to this connection was counted as abandoned when it closed.
    if (connection.isClosed) return;
    const isHttp1 = reply.request.raw.httpVersionMajor === 1;
    if (!isHttp1 && isReset(reply)) {
      this.#owe(delayed, -1);
      this.#account(delayed.kind)?.abandon(1);
      return;
    }
    if (isHttp1 && this.#context.isDraining && connection.waitingCount === 0)
      reply.header('connection', 'close');
    // In a pipeline an answer waits behind earlier ones, and is lost if the connection breaks before it is
    // written.
    if (isHttp1) reply.raw.on('finish', () => this.#settle(delayed));
    reply.send(makeBody());
    if (!isHttp1) this.#settle(delayed);
  }

  #settle(delayed: DelayedReply): void {
    if (delayed.connection.isClosed) return;
    this.#owe(delayed, -1);
    this.#account(delayed.kind)?.answer(delayed.number);
  }

  #account(kind: Kind): AnswerAccount | undefined {
    if (kind === 'trial') return this.#context.counters.trials;
    if (kind === 'download') return this.#context.counters.downloads;
    return undefined;
  }

  #owe({ connection, kind }: DelayedReply, change: 1 | -1): void {
    if (kind === 'trial') connection.owedTrials += change;
    else if (kind === 'download') connection.owedDownloads += change;
    else connection.owedOthers += change;
  }
}

/** An HTTP/2 stream may be reset while its connection lives. */
function isReset(reply: FastifyReply): boolean {
  return (reply.raw as unknown as Http2ServerResponse).stream.destroyed;
}
