// A fetch for a program that imports the library: outcomes to iterate, snapshots, the report, and how to end it.
// The runner does the work; this file hands its outcomes to a reader, who may be slow.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SpillwayError } from '../model/errors.ts';
import type { FetchReport, FetchSnapshot } from '../model/fetch-report.ts';
import type { FailedOutcome, OkOutcome, SkippedOutcome } from '../model/outcome.ts';
import { type Fetch, startFetch } from '../runner/fetch/fetch.ts';
import { workerEntryUrl } from '../workers/entry-url.ts';
import { type Entry, OutcomeQueue } from './outcome-queue.ts';
import { resolveRun } from './resolve-run.ts';
import type { RunOptions, SinkModule } from './run-options.ts';

/**
 * The outcome of a target: `ok`, `failed` or `skipped`. A failure is data, never thrown.
 * @template Value what `value` of an ok outcome is: its body with `to: 'memory'`, what a sink of your own returned, else
 * undefined
 */
export type Outcome<Value = unknown> =
  | (OkOutcome & { readonly value: Value })
  | FailedOutcome
  | SkippedOutcome;

/** The final account: ok + failed + skipped = targets. `ended` says whether the run came to its end. */
export interface RunReport extends FetchReport {
  /** What `abort` was called with, or the signal was aborted with, as text; null for a run that nobody aborted. */
  readonly abortReason: string | null;
}

/** A run under way. It holds threads and sockets until it ends: `await using` ends it with its block. */
export interface Run<Value = unknown> extends AsyncDisposable {
  /**
   * Every outcome once, for one reader, with back-pressure: the run has at most `maxUnread` targets under way or
   * unread. After a `break` out of the loop the run goes on, and its outcomes are dropped. Ends when the run ends
   * or is stopped.
   * @throws SpillwayError while iterating, when the run broke (ERR_RUN_BROKEN) or somebody reads already (ERR_OPTION)
   */
  readonly outcomes: AsyncIterable<Outcome<Value>>;
  /** Progress once a second, and once more at the end. */
  readonly snapshots: AsyncIterable<FetchSnapshot>;
  /**
   * The final account, also of a run that was stopped or broke (`ended`). If you ask for it before you begin to read
   * `outcomes`, they are dropped, so that the run need not wait for a reader.
   */
  readonly report: Promise<RunReport>;
  /** Progress now. */
  snapshot(): FetchSnapshot;
  /** Takes no more targets; what is in flight settles. */
  drain(): void;
  /** Cuts what is in flight, too. */
  abort(reason?: unknown): void;
}

/**
 * Starts a fetch.
 * @throws SpillwayError ERR_OPTION naming everything that is wrong with the options, before anything is started
 */
export function startRun(options: RunOptions & { readonly to: 'memory' }): Run<Uint8Array>;
export function startRun<Value = unknown>(options: RunOptions & { readonly to: SinkModule }): Run<Value>;
export function startRun(options: RunOptions & { readonly to: string }): Run<undefined>;
export function startRun<Value>(options: RunOptions): Run<Value>;
export function startRun(options: RunOptions): Run {
  const { fetch, order, maxUnread, signal } = resolveRun(options);
  refuseInsideBundle();
  const queue = new OutcomeQueue({ order, maxUnread });
  const started = startFetch({
    ...fetch,
    admit: (targets, takenCount, stopped) => queue.admit(targets, takenCount, stopped),
    onOutcomes: (outcomes, values) => queue.push(outcomes, values),
  });
  return new OneRun(started, queue, signal);
}

const SNAPSHOT_EVERY_MS = 1000;

class OneRun implements Run {
  readonly #fetch: Fetch;
  readonly #queue: OutcomeQueue;
  readonly #report: Promise<RunReport>;
  #abortReason: string | null = null;

  constructor(fetch: Fetch, queue: OutcomeQueue, signal: AbortSignal | null) {
    this.#fetch = fetch;
    this.#queue = queue;
    const onAbort = () => this.abort(signal?.reason);
    this.#report = this.#finish(() => signal?.removeEventListener('abort', onAbort));
    // A program that only reads outcomes gets the error there.
    this.#report.catch(() => {});
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  }

  get outcomes(): AsyncIterable<Outcome> {
    return { [Symbol.asyncIterator]: () => readOutcomes(this.#queue.read()) };
  }

  get snapshots(): AsyncIterable<FetchSnapshot> {
    return { [Symbol.asyncIterator]: () => this.#readSnapshots() };
  }

  get report(): Promise<RunReport> {
    // A program may ask for the report and begin to read outcomes in the same turn.
    if (!this.#queue.isRead) setImmediate(() => this.#queue.giveUp());
    return this.#report;
  }

  snapshot(): FetchSnapshot {
    const snapshot = this.#fetch.snapshot();
    return this.#queue.isHolding ? { ...snapshot, boundBy: 'whoever reads the outcomes' } : snapshot;
  }

  drain(): void {
    this.#fetch.drain();
  }

  abort(reason?: unknown): void {
    this.#abortReason ??= describeReason(reason);
    this.#fetch.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.abort('the block of `await using` was left');
    this.#queue.giveUp();
    await this.#report.catch(() => {});
  }

  #isOver = false;

  async #finish(release: () => void): Promise<RunReport> {
    try {
      const report = await this.#fetch.report;
      this.#isOver = true;
      const { problem } = report;
      const cause = this.#fetch.problem();
      this.#queue.end(problem === null ? null : new SpillwayError('ERR_RUN_BROKEN', problem, { cause }));
      return { ...report, abortReason: this.#abortReason };
    } catch (error) {
      this.#isOver = true;
      this.#queue.end(error as Error);
      throw error;
    } finally {
      release();
    }
  }

  async *#readSnapshots(): AsyncGenerator<FetchSnapshot, undefined> {
    const over = this.#report.then(
      () => true,
      () => true,
    );
    for (let isOver = false; !isOver; ) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(resolve, SNAPSHOT_EVERY_MS, false);
      isOver = await Promise.race([over, promise]);
      clearTimeout(timer);
      yield this.snapshot();
    }
    return undefined;
  }
}

function describeReason(reason: unknown): string {
  if (reason instanceof Error) return reason.message;
  return typeof reason === 'string' ? reason : 'aborted';
}

function readOutcomes(entries: AsyncIterator<Entry, undefined>): AsyncIterator<Outcome, undefined> {
  return {
    async next() {
      const { done, value } = await entries.next();
      if (done === true) return { done: true, value: undefined };
      const { outcome } = value;
      return { done: false, value: outcome.kind === 'ok' ? { ...outcome, value: value.value } : outcome };
    },
    async return() {
      await entries.return?.();
      return { done: true, value: undefined };
    },
  };
}

/**
 * Refuses to run inside a bundle: a bundler that takes this package in loses the files that threads are started
 * from.
 */
function refuseInsideBundle(): void {
  if (existsSync(fileURLToPath(workerEntryUrl))) return;
  throw new SpillwayError(
    'ERR_OPTION',
    `expected the package's own files beside each other, found none at ${workerEntryUrl.href}: tell the bundler that spillway is external`,
  );
}
