// An attempt that writes down everything a lane says about it, and fails when the lane breaks the seam's rules.

import assert from 'node:assert/strict';
import type {
  Exchange,
  HeaderView,
  Lane,
  LaneOptions,
  Reached,
  RequestPayload,
  Slot,
} from '../../src/transport/lane.ts';
import { makeSelfSigned } from '../../src/server/faults/self-signed.ts';
import { TlsClient } from '../../src/transport/tls/tls-client.ts';
import { openUndiciLane } from '../../src/transport/undici/undici-lane.ts';
import { openWireLane } from '../../src/transport/wire/wire-lane.ts';
import { openRawServer } from './raw-server.ts';

/** For 127.0.0.1, valid for as long as a test runs. */
export const TEST_CERTIFICATE = makeSelfSigned(
  new Date(Date.now() - 86_400_000),
  new Date(Date.now() + 86_400_000),
);

/** Trusts the test's own certificate, and shares sessions with no other lane. */
export function openWireTlsLane(options: LaneOptions): Lane {
  const tls = new TlsClient({ ca: TEST_CERTIFICATE.cert, isInsecure: false });
  return openWireLane({ tls, ...options });
}

export type ServeRaw = typeof openRawServer;

/** The same server over TLS. */
export const serveRawTls: ServeRaw = (onRequest, onConnection, tls) =>
  openRawServer(onRequest, onConnection, { ...TEST_CERTIFICATE, ...tls });

/** All transports: every behaviour is asked of each, with a server that speaks what it speaks. */
export const TRANSPORTS: readonly (readonly [
  name: string,
  open: (options: LaneOptions) => Lane,
  serveRaw: ServeRaw,
])[] = [
  ['undici', openUndiciLane, openRawServer],
  ['wire', openWireLane, openRawServer],
  ['wire over TLS', openWireTlsLane, serveRawTls],
];

export class Probe implements Exchange {
  readonly method: string;
  readonly path: string;
  readonly payload: RequestPayload | undefined;
  sentCount = 0;
  status = 0;
  headers: [string, string][] = [];
  chunks: Buffer[] = [];
  error: unknown;
  reached: Reached | undefined;
  state: 'open' | 'ended' | 'failed' = 'open';
  /** Called from inside the callback of that name. */
  hooks: { onHead?: () => void; onData?: () => void; onEnd?: () => void; onError?: () => void } = {};
  readonly #done = Promise.withResolvers<this>();

  readonly #maxSentCount: number;

  /** @param maxSentCount 2 where the lane asks again by itself: over TLS, for a body that lasts until the close */
  constructor(path: string, method = 'GET', maxSentCount = 1, payload?: RequestPayload) {
    this.path = path;
    this.method = method;
    this.payload = payload;
    this.#maxSentCount = maxSentCount;
  }

  /** Resolves at its end, whichever it is. */
  get done(): Promise<this> {
    return this.#done.promise;
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }

  get code(): unknown {
    return (this.error as { code?: unknown } | undefined)?.code;
  }

  onSent(): void {
    assert.equal(this.state, 'open');
    assert.equal(this.status, 0, 'not sent again once it is answered');
    assert.ok(++this.sentCount <= this.#maxSentCount, 'sent once');
  }

  onHead(status: number, headers: HeaderView): void {
    assert.equal(this.state, 'open');
    assert.equal(this.status, 0, 'one head');
    assert.ok(this.sentCount > 0, 'sent before it is answered');
    this.status = status;
    this.headers = headers.entries();
    this.hooks.onHead?.();
  }

  onData(chunk: Uint8Array, start: number, end: number): void {
    assert.equal(this.state, 'open');
    assert.notEqual(this.status, 0, 'a head before its body');
    assert.ok(start < end, 'no empty piece');
    this.chunks.push(Buffer.from(chunk.subarray(start, end)));
    this.hooks.onData?.();
  }

  onEnd(): void {
    assert.equal(this.state, 'open', 'one end');
    assert.notEqual(this.status, 0, 'a head before its end');
    this.state = 'ended';
    this.hooks.onEnd?.();
    this.#done.resolve(this);
  }

  onError(error: unknown, reached: Reached): void {
    assert.equal(this.state, 'open', 'one end');
    assert.equal(reached === 'unsent', this.sentCount === 0, 'unsent is what was not sent');
    this.state = 'failed';
    this.error = error;
    this.reached = reached;
    this.hooks.onError?.();
    this.#done.resolve(this);
  }
}

/** A lane with one slot against `origin`; closing it closes the lane. */
export class LaneUnderTest implements AsyncDisposable {
  readonly lane: Lane;
  readonly slot: Slot;
  opened = 0;
  closed = 0;
  surplus = 0;
  readonly #maxSentCount: number;
  readonly #waiting: { isMet: () => boolean; resolve: () => void }[] = [];

  constructor(open: (options: LaneOptions) => Lane, origin: string, options: Partial<LaneOptions> = {}) {
    this.#maxSentCount = origin.startsWith('https:') ? 2 : 1;
    this.lane = open({
      origin,
      depth: 1,
      connectTimeoutMs: 5_000,
      maxHeaderBytes: 16_384,
      headers: [['user-agent', 'probe']],
      onConnection: (event) => {
        if (event === 'opened') this.opened++;
        else this.closed++;
        for (const wait of this.#waiting) if (wait.isMet()) wait.resolve();
      },
      onSurplus: () => this.surplus++,
      ...options,
    });
    this.slot = this.lane.openSlot();
  }

  /** Puts `paths` on the wire in this turn. */
  send(...paths: string[]): Probe[] {
    const probes = paths.map((path) => new Probe(path, 'GET', this.#maxSentCount));
    for (const probe of probes) this.slot.send(probe);
    return probes;
  }

  async fetch(path: string, method = 'GET', payload?: RequestPayload): Promise<Probe> {
    const probe = new Probe(path, method, this.#maxSentCount, payload);
    this.slot.send(probe);
    return probe.done;
  }

  /** Resolves once that many connections are known to be closed. */
  async closedCount(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ isMet: () => this.closed >= count, resolve });
    if (this.closed >= count) resolve();
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lane.close(true);
    assert.equal(this.closed, this.opened, 'every connection that opened is closed');
  }
}

/** The ends of several attempts, for one comparison. */
export async function words(probes: readonly Probe[]): Promise<string[]> {
  const done = await Promise.all(probes.map((probe) => probe.done));
  return done.map((probe) =>
    probe.state === 'ended' ? `${probe.status} ${probe.body}` : `${probe.reached}`,
  );
}

/** Resolves when every probe was handed to a socket. */
export async function sent(probes: readonly Probe[]): Promise<void> {
  while (probes.some((probe) => probe.sentCount === 0)) await new Promise((resolve) => setImmediate(resolve));
}
