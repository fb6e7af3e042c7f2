// An attempt that writes down everything a lane says about it, and fails when the lane breaks the seam's rules.

import assert from 'node:assert/strict';
import type { Exchange, HeaderView, Lane, LaneOptions, Reached, Slot } from '../../src/transport/lane.ts';
import { openUndiciLane } from '../../src/transport/undici/undici-lane.ts';
import { openWireLane } from '../../src/transport/wire/wire-lane.ts';

/** Both transports: every behaviour is asked of each. */
export const TRANSPORTS: readonly (readonly [name: string, open: (options: LaneOptions) => Lane])[] = [
  ['undici', openUndiciLane],
  ['wire', openWireLane],
];

export class Probe implements Exchange {
  readonly method: 'GET' | 'HEAD';
  readonly path: string;
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

  constructor(path: string, method: 'GET' | 'HEAD' = 'GET') {
    this.path = path;
    this.method = method;
  }

  /** Resolves at the last word, whichever it is. */
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
    assert.equal(++this.sentCount, 1, 'sent once');
  }

  onHead(status: number, headers: HeaderView): void {
    assert.equal(this.state, 'open');
    assert.equal(this.status, 0, 'one head');
    assert.equal(this.sentCount, 1, 'sent before it is answered');
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
    assert.equal(this.state, 'open', 'one last word');
    assert.notEqual(this.status, 0, 'a head before its end');
    this.state = 'ended';
    this.hooks.onEnd?.();
    this.#done.resolve(this);
  }

  onError(error: unknown, reached: Reached): void {
    assert.equal(this.state, 'open', 'one last word');
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
  readonly #waiting: { isMet: () => boolean; resolve: () => void }[] = [];

  constructor(open: (options: LaneOptions) => Lane, origin: string, options: Partial<LaneOptions> = {}) {
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
    const probes = paths.map((path) => new Probe(path));
    for (const probe of probes) this.slot.send(probe);
    return probes;
  }

  async fetch(path: string, method: 'GET' | 'HEAD' = 'GET'): Promise<Probe> {
    const probe = new Probe(path, method);
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

/** The last words of several attempts, for one comparison. */
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
