// Connections to many origins through the wire lane, plain or over TLS: each origin has a lane while it is
// used, and each slot of it carries one request at a time; the slot used last is reused first. Knows nothing
// of retries, redirects and budgets.

import type { LookupFunction } from 'node:net';
import { wireFields } from './wire-fields.ts';
import type { AnswerReceiver, FetchedRequest, RequestControl } from '../fetch-transport.ts';
import type { Exchange, HeaderView, Lane, Reached, RequestPayload, Slot } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import type { TlsClient } from '../tls/tls-client.ts';
import { NoHttp1Error } from '../tls/tls-failure.ts';
import { openWireLane } from './wire-lane.ts';

/** Holds what one read brings of a large body; a small answer touches only its own length of it. */
const READ_BUFFER_BYTES = 2 * 1024 * 1024;
/** Shorter than common servers keep an idle connection, so that this side closes it first. */
const IDLE_MS = 4_000;
const SWEEP_MS = 1_000;
/** Bound on idle connections, by weight: a plain one takes some 10 KB with its lane, one over TLS 92 KB. */
const MAX_IDLE_WEIGHT = 4_096;
const TLS_WEIGHT = 8;

export interface WireAgentsOptions {
  readonly connectTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** How names become addresses. */
  readonly lookup: LookupFunction;
  readonly tls: TlsClient;
  /** The origin has declined HTTP/1.1 over TLS. */
  readonly onNoHttp1: (origin: string) => void;
  /** Connections that the limit of open files allows, idle ones included. @default no bound */
  readonly maxConnections?: number;
  readonly onConnection: (event: 'opened' | 'closed') => void;
}

export class WireAgents {
  readonly #options: WireAgentsOptions;
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  readonly #lanes = new Map<string, OriginLane>();
  /** Free exchanges that may have a connection, the one used longest ago first. */
  readonly #idle = new Set<WireExchange>();
  #idleWeight = 0;
  #openCount = 0;
  /** Payloads by array of fields: most requests of a run share one of a few arrays. */
  readonly #payloads = new WeakMap<readonly string[], RequestPayload>();
  readonly #sweepTimer: NodeJS.Timeout;

  constructor(options: WireAgentsOptions) {
    this.#options = options;
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweepTimer.unref();
  }

  /** Sends one request. @param fields have passed `isWireFields` */
  send({ origin, path, fields }: FetchedRequest, receiver: AnswerReceiver): RequestControl {
    let lane = this.#lanes.get(origin);
    if (lane === undefined) {
      const options = { ...this.#options, origin, depth: 1, headers: [], readBuffer: this.#readBuffer };
      lane = new OriginLane(origin, openWireLane(options), this);
      this.#lanes.set(origin, lane);
    }
    return lane.send(path, this.#payloadOf(fields), receiver);
  }

  /** An exchange begins to be used: its connection is not idle any more, or it will make one. */
  used(exchange: WireExchange): void {
    this.#openCount++;
    if (this.#forget(exchange)) return;
    const { maxConnections = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#idle.size > 0 && this.#openCount + this.#idle.size > maxConnections) this.#dropOldest();
  }

  /** An exchange is free again. */
  freed(exchange: WireExchange): void {
    this.#openCount--;
    this.#idle.add(exchange);
    this.#idleWeight += exchange.home.weight;
    while (this.#idleWeight > MAX_IDLE_WEIGHT) this.#dropOldest();
  }

  noHttp1(origin: string): void {
    this.#options.onNoHttp1(origin);
  }

  #dropOldest(): void {
    for (const exchange of this.#idle) {
      this.#drop(exchange);
      return;
    }
  }

  #drop(exchange: WireExchange): void {
    this.#forget(exchange);
    exchange.drop();
    const { home } = exchange;
    if (home.openCount > 0 || home.idleCount > 0) return;
    this.#lanes.delete(home.origin);
    void home.close();
  }

  #forget(exchange: WireExchange): boolean {
    if (!this.#idle.delete(exchange)) return false;
    this.#idleWeight -= exchange.home.weight;
    exchange.home.idleCount--;
    return true;
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    clearInterval(this.#sweepTimer);
    this.#idle.clear();
    const closing = [...this.#lanes.values()].map((lane) => lane.close());
    this.#lanes.clear();
    await Promise.all(closing);
  }

  #payloadOf(fields: readonly string[]): RequestPayload {
    let payload = this.#payloads.get(fields);
    if (payload === undefined) {
      payload = { headers: wireFields(fields), content: null };
      this.#payloads.set(fields, payload);
    }
    return payload;
  }

  #sweep(): void {
    const before = performance.now() - IDLE_MS;
    for (const exchange of this.#idle) {
      if (exchange.freeSinceMs > before) return;
      this.#drop(exchange);
    }
  }
}

/** The lane of one origin, with its free slots. */
class OriginLane {
  readonly origin: string;
  /** What each of its connections weighs against MAX_IDLE_WEIGHT. */
  readonly weight: number;
  readonly agents: WireAgents;
  readonly #lane: Lane;
  /** A stack of free exchanges; those without a connection are at the bottom. */
  readonly #idle: WireExchange[] = [];
  openCount = 0;
  /** Free exchanges that may have a connection. */
  idleCount = 0;

  constructor(origin: string, lane: Lane, agents: WireAgents) {
    this.origin = origin;
    this.weight = origin.startsWith('https:') ? TLS_WEIGHT : 1;
    this.agents = agents;
    this.#lane = lane;
  }

  send(path: string, payload: RequestPayload, receiver: AnswerReceiver): RequestControl {
    const exchange = this.#idle.pop() ?? new WireExchange(this, this.#lane.openSlot());
    this.openCount++;
    this.agents.used(exchange);
    return exchange.begin(path, payload, receiver);
  }

  /** Takes the exchange back, which is free again. */
  free(exchange: WireExchange): void {
    this.openCount--;
    this.idleCount++;
    exchange.freeSinceMs = performance.now();
    this.#idle.push(exchange);
    this.agents.freed(exchange);
  }

  onNoHttp1(): void {
    this.agents.noHttp1(this.origin);
  }

  close(): Promise<void> {
    return this.#lane.close(true);
  }
}

/**
 * The one request of a slot, reused for each request in turn. An attempt holds a `RequestControl` of its own
 * instead.
 */
class WireExchange implements Exchange {
  readonly method = 'GET';
  path = '/';
  payload: RequestPayload | undefined;
  freeSinceMs = 0;
  readonly home: OriginLane;
  readonly #slot: Slot;
  #receiver: AnswerReceiver | null = null;
  #isPaused = false;
  /** Answers that came on the present connection. */
  #served = 0;

  constructor(home: OriginLane, slot: Slot) {
    this.home = home;
    this.#slot = slot;
  }

  begin(path: string, payload: RequestPayload, receiver: AnswerReceiver): RequestControl {
    this.path = path;
    this.payload = payload;
    this.#receiver = receiver;
    this.#slot.send(this);
    return new WireRequest(this, receiver);
  }

  /** False where the slot has gone on to another request. */
  isFor(receiver: AnswerReceiver): boolean {
    return this.#receiver === receiver;
  }

  cancel(error: Error): void {
    this.#slot.cancel(this, error);
  }

  drop(): void {
    this.#served = 0;
    this.#slot.reset(new LaneError('connection-lost', 'the connection was not used any more'));
  }

  onSent(): void {
    this.#receiver?.onSent();
  }

  onHead(status: number, headers: HeaderView): void {
    this.#receiver?.onHead(status, headers.reason?.() ?? '', headers);
  }

  onData(chunk: Buffer, start: number, end: number): void {
    this.#receiver?.onData(chunk.subarray(start, end));
  }

  onEnd(): void {
    this.#served++;
    this.#release()?.onEnd();
  }

  onError(error: unknown, reached: Reached): void {
    if (error instanceof NoHttp1Error) this.home.onNoHttp1();
    const isStale =
      (reached === 'queued-behind' || reached === 'head-of-line') && this.#served > 0 && !isRefusal(error);
    this.#served = 0;
    this.#release()?.onError(error, isStale ? 'stale' : 'own');
  }

  pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#slot.pause?.(isPaused);
  }

  #release(): AnswerReceiver | null {
    const receiver = this.#receiver;
    this.#receiver = null;
    // Reading goes on for the next answer.
    this.pause(false);
    this.home.free(this);
    return receiver;
  }
}

/** What an attempt holds of an exchange; it does nothing once the exchange serves another request. */
class WireRequest implements RequestControl {
  readonly #exchange: WireExchange;
  readonly #receiver: AnswerReceiver;

  constructor(exchange: WireExchange, receiver: AnswerReceiver) {
    this.#exchange = exchange;
    this.#receiver = receiver;
  }

  pause(): void {
    if (this.#exchange.isFor(this.#receiver)) this.#exchange.pause(true);
  }

  resume(): void {
    if (this.#exchange.isFor(this.#receiver)) this.#exchange.pause(false);
  }

  abort(error: Error): void {
    if (this.#exchange.isFor(this.#receiver)) this.#exchange.cancel(error);
  }

  leave(): void {}
}

/** True where the answer was there and was refused, so that nothing was lost. */
function isRefusal(error: unknown): boolean {
  return error instanceof LaneError && error.code !== 'connection-lost';
}
