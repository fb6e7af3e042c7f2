// One connection of an undici lane: an undici Client, and a handler object for each position that is used again for
// every request through it. undici sends lost requests again by itself; a slot ends those attempts instead, so that
// the server sees exactly as many requests as the engine counts.

import type { Socket } from 'node:net';
import { type Client, type Dispatcher, errors } from 'undici';
import type { Exchange, Reached, Slot } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import { UndiciHeaderView } from './undici-header-view.ts';

/** What undici reads of a request. It reads within `dispatch`, so one object serves all requests of a lane. */
export interface RequestOptions {
  readonly get: Dispatcher.DispatchOptions;
  readonly head: Dispatcher.DispatchOptions;
}

/** undici's message for an answer while no request is open, or for an unexpected 100; these errors have no code. */
const BAD_ANSWER = 'bad response';

const CANCELLED = new LaneError('aborted', 'the attempt was cancelled before it was sent');

export class UndiciSlot implements Slot {
  /** Answers come in the order of requests (HTTP/1.1) or in any order (HTTP/2). */
  readonly #isOrdered: boolean;
  readonly #client: Client;
  readonly #request: RequestOptions;
  readonly #positions: Position[] = [];
  readonly #free: Position[] = [];
  readonly #onSurplus: (() => void) | undefined;
  /** Sends made from inside an `onError`, where undici cannot take a request yet. */
  #deferred: Position[] = [];
  #erroringCount = 0;
  #depth: number;
  /** Order number of the request that is answered next, and of the one that is written next. */
  #headOrder = 0;
  #nextOrder = 0;
  /** The server announced that it would end the connection. */
  #isAnnounced = false;
  /** The answer of the present connection said that it is the last. */
  #isLast = false;
  #socket: Socket | undefined;

  constructor(
    client: Client,
    request: RequestOptions,
    depth: number,
    isOrdered: boolean,
    onSurplus?: () => void,
  ) {
    this.#client = client;
    this.#request = request;
    this.#depth = depth;
    this.#isOrdered = isOrdered;
    this.#onSurplus = onSurplus;
    if (isOrdered) client.on('disconnect', (_origin, _targets, error) => this.#endStarted(error));
  }

  /** The connected socket, if there is one. */
  get socket(): Socket | undefined {
    return this.#socket;
  }

  set socket(socket: Socket | undefined) {
    this.#socket = socket;
    this.#isLast = false;
  }

  get isOpen(): boolean {
    return this.#socket?.destroyed === false && !this.#isLast;
  }

  get depth(): number {
    return this.#depth;
  }

  set depth(depth: number) {
    this.#depth = depth;
    if (this.#isOrdered) this.#client.pipelining = depth;
  }

  send(exchange: Exchange): void {
    let position = this.#free.pop();
    if (position === undefined) {
      position = new Position(this);
      this.#positions.push(position);
    }
    position.begin(exchange);
    if (this.#erroringCount > 0) this.#defer(position);
    else this.#dispatch(position, exchange);
  }

  cancel(exchange: Exchange, error: Error): void {
    const position = this.#positions.find((candidate) => candidate.exchange === exchange);
    if (position === undefined) return;
    if (position.controller !== undefined) {
      // A reset leaves no TIME_WAIT, and drops whatever still arrives.
      if (this.#isOrdered && this.socket !== undefined) resetSocket(this.socket);
      position.controller.abort(error);
      return;
    }
    const index = this.#deferred.indexOf(position);
    position.exchange = undefined;
    if (index >= 0) {
      this.#deferred.splice(index, 1);
      this.#free.push(position);
    }
    this.#callOnError(exchange, error, 'unsent');
  }

  reset(error: Error): void {
    const { socket } = this;
    if (this.#isOrdered && socket !== undefined) resetSocket(socket);
    this.#abortStarted(error);
    socket?.destroy();
  }

  /** Ends the connection and every open attempt. Resolves when the socket is gone. */
  async close(reset: boolean, error: Error): Promise<void> {
    // Ends streams first: undici's HTTP/2 client breaks when its socket closes under open streams.
    if (!this.#isOrdered) this.#abortStarted(error);
    // A reset waits for the last write, which a broken HTTP/2 session never makes: the socket would stay for
    // ever and keep its thread. There are few HTTP/2 connections, so their ports in TIME_WAIT do not matter.
    if (reset && this.#isOrdered && this.socket !== undefined) resetSocket(this.socket);
    await this.#client.destroy(error);
    this.#flushDeferred();
  }

  /** Called when undici hands the request to a connected socket. */
  started(position: Position): void {
    position.order = this.#nextOrder++;
  }

  /** Reads from an answer's Connection field whether the connection ends after it (RFC 9112, section 9.6). */
  headRead(connection: string | string[] | undefined): void {
    if (connection !== undefined) this.#isLast = /(?:^|[\s,])close(?:$|[\s,])/iu.test(String(connection));
  }

  ended(position: Position): void {
    this.#headOrder++;
    const exchange = position.exchange;
    this.#release(position);
    exchange?.onEnd();
  }

  failed(position: Position, error: unknown): void {
    const exchange = position.exchange;
    const reached = this.#reachedOf(position);
    this.#release(position);
    if (exchange !== undefined) this.#callOnError(exchange, named(error), reached);
  }

  #reachedOf(position: Position): Reached {
    if (position.controller === undefined) return 'unsent';
    if (this.#isOrdered && (this.#isAnnounced || position.order !== this.#headOrder)) return 'queued-behind';
    return position.hasAnswer ? 'answering' : 'head-of-line';
  }

  #release(position: Position): void {
    position.exchange = undefined;
    position.controller = undefined;
    this.#free.push(position);
  }

  /** Ends what was sent on a lost connection and is not answered, before undici would send it again. */
  #endStarted(cause: Error): void {
    this.socket = undefined;
    // undici's error for a connection that it gives up itself, because an answer said it was the last.
    this.#isAnnounced = cause instanceof errors.InformationalError;
    // At the end of a run thousands of connections close with nothing on them, and making an error takes
    // time.
    if (this.#headOrder !== this.#nextOrder) {
      this.#abortStarted(
        new LaneError('connection-lost', 'the connection ended before the answer', { cause }),
      );
    } else if (cause.message === BAD_ANSWER) {
      this.#onSurplus?.();
    }
    this.#isAnnounced = false;
    this.#headOrder = this.#nextOrder;
  }

  /** Ends the started requests in the order in which they were sent. */
  #abortStarted(error: Error): void {
    const started = this.#positions.filter((position) => position.controller !== undefined);
    started.sort((a, b) => a.order - b.order);
    for (const position of started) position.controller?.abort(error);
  }

  #callOnError(exchange: Exchange, error: unknown, reached: Reached): void {
    this.#erroringCount++;
    exchange.onError(error, reached);
    this.#erroringCount--;
  }

  #dispatch(position: Position, exchange: Exchange): void {
    this.#client.dispatch(this.#optionsFor(exchange), position);
  }

  #optionsFor({ method, path, payload }: Exchange): Dispatcher.DispatchOptions {
    const { get, head } = this.#request;
    if (payload === undefined && (method === 'GET' || method === 'HEAD')) {
      const options = method === 'HEAD' ? head : get;
      options.path = path;
      return options;
    }
    const headers = [...(get.headers as readonly string[]), ...(payload?.headers.flat() ?? [])];
    return {
      ...(method === 'HEAD' ? head : get),
      method,
      path,
      headers,
      // Without it undici would close the connection after content that it does not expect.
      reset: false,
      body: payload?.content ?? null,
    };
  }

  #defer(position: Position): void {
    if (this.#deferred.push(position) === 1) process.nextTick(() => this.#flushDeferred());
  }

  #flushDeferred(): void {
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const position of deferred)
      if (position.exchange !== undefined) this.#dispatch(position, position.exchange);
  }
}

/** The handler that undici calls for every request in this position. */
export class Position implements Dispatcher.DispatchHandler {
  readonly #slot: UndiciSlot;
  /** Undefined when the position is free, or its attempt was cancelled before undici began it. */
  exchange: Exchange | undefined;
  /** Defined once the request is on a connection. */
  controller: Dispatcher.DispatchController | undefined;
  order = 0;
  hasAnswer = false;

  constructor(slot: UndiciSlot) {
    this.#slot = slot;
  }

  begin(exchange: Exchange): void {
    this.exchange = exchange;
    this.controller = undefined;
    this.hasAnswer = false;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Throws, which is the only way out that keeps the connection.
    if (this.exchange === undefined) throw CANCELLED;
    if (this.controller !== undefined)
      throw new LaneError('connection-lost', 'the connection ended before the answer');
    this.controller = controller;
    this.#slot.started(this);
  }

  onRequestSent(): void {
    this.exchange?.onSent();
  }

  onResponseStarted(): void {
    this.hasAnswer = true;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.hasAnswer = true;
    this.#slot.headRead(headers['connection']);
    if (status >= 200) this.exchange?.onHead(status, new UndiciHeaderView(headers, controller.rawHeaders));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.exchange?.onData(chunk, 0, chunk.length);
  }

  onResponseEnd(): void {
    this.#slot.ended(this);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#slot.failed(this, error);
  }
}

/** Names the errors of undici's parser: their code is undefined (8.12), and they hold the rest of the read. */
function named(error: unknown): unknown {
  return error instanceof errors.HTTPParserError ? new LaneError('protocol', error.message) : error;
}

function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  try {
    socket.resetAndDestroy();
  } catch {
    // A TLS socket has no reset of its own.
    socket.destroy();
  }
}
