// Connections to many origins through the wire lane, plain or over TLS: each origin has a lane while it is used, each slot of
// it one request at a time, the slot used last goes first. Knows nothing of retries, redirects and budgets.

import type { LookupFunction } from 'node:net';
import { wireFields } from './wire-fields.ts';
import type { AnswerReceiver, FetchedRequest, RequestControl } from '../fetch-transport.ts';
import type { Exchange, HeaderView, Lane, Reached, RequestPayload, Slot } from '../lane.ts';
import { LaneError } from '../lane-error.ts';
import type { TlsClient } from '../tls/tls-client.ts';
import { NoHttp1Error } from '../tls/tls-failure.ts';
import { openWireLane } from './wire-lane.ts';

/** As much as a large body brings in one read; a small answer touches only its own length of it. */
const READ_BUFFER_BYTES = 2 * 1024 * 1024;
/** Shorter than any common server keeps a silent connection, so that it is us who close it. */
const IDLE_MS = 4_000;
const SWEEP_MS = 1_000;
/** Idle connections that are kept: a plain one takes some 10 KB with its lane, one over TLS 92 KB. */
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
  /** Connections that files allow, idle ones counted in. @default no bound */
  readonly maxConnections?: number;
  readonly onConnection: (event: 'opened' | 'closed') => void;
}

export class WireAgents {
  readonly #options: WireAgentsOptions;
  readonly #readBuffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  readonly #lanes = new Map<string, OriginLane>();
  /** Exchanges with a connection and nothing to do, the one used longest ago first. */
  readonly #idle = new Set<WireExchange>();
  #idleWeight = 0;
  #openCount = 0;
  /** Most requests of a run share one of a few arrays of fields. */
  readonly #payloads = new WeakMap<readonly string[], RequestPayload>();
  readonly #sweepTimer: NodeJS.Timeout;

  constructor(options: WireAgentsOptions) {
    this.#options = options;
    this.#sweepTimer = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#sweepTimer.unref();
  }

  /** @param fields they passed `isWireFields` */
  send({ origin, path, fields }: FetchedRequest, receiver: AnswerReceiver): RequestControl {
    let lane = this.#lanes.get(origin);
    if (lane === undefined) {
      const options = { ...this.#options, origin, depth: 1, headers: [], readBuffer: this.#readBuffer };
      lane = new OriginLane(origin, openWireLane(options), this);
      this.#lanes.set(origin, lane);
    }
    return lane.send(path, this.#payloadOf(fields), receiver);
  }

  /** An exchange begins to be used: its connection is no idle one, or it will make one. */
  used(exchange: WireExchange): void {
    this.#openCount++;
    if (this.#forget(exchange)) return;
    const { maxConnections = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#idle.size > 0 && this.#openCount + this.#idle.size > maxConnections) this.#dropOldest();
  }

  /** An exchange has nothing to do. */
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

/** The lane of one origin and its slots that have nothing to do. */
class OriginLane {
  readonly origin: string;
  /** Of each of its connections, where memory is short. */
  readonly weight: number;
  readonly agents: WireAgents;
  readonly #lane: Lane;
  /** Those without a connection are at the bottom. */
  readonly #idle: WireExchange[] = [];
  openCount = 0;
  /** Exchanges that have nothing to do, and may have a connection. */
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

  /** The exchange has nothing to do any more. */
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

/** One slot's place for a request, used again for each; what the attempt holds of it is a `RequestControl` of its own. */
class WireExchange implements Exchange {
  readonly method = 'GET';
  path = '/';
  payload: RequestPayload | undefined;
  freeSinceMs = 0;
  readonly home: OriginLane;
  readonly #slot: Slot;
  #receiver: AnswerReceiver | null = null;
  #isPaused = false;
  /** Answers that the present connection brought. */
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

  /** The slot may have gone on to another request since. */
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
    // The next answer is to be read again.
    this.pause(false);
    this.home.free(this);
    return receiver;
  }
}

/** What an attempt holds of an exchange: of no effect once the exchange serves another one. */
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

/** The answer was there and is not taken: no loss at all. */
function isRefusal(error: unknown): boolean {
  return error instanceof LaneError && error.code !== 'connection-lost';
}
