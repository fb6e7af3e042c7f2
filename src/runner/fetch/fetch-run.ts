// ONE FETCH ON ONE MACHINE, from sources to its report: targets are read as workers have room for them, outcomes are
// recorded, then counted. Start reading here; fetch-worker-group has the workers, fetch-target-stream the sources.

import { readResidentBytes } from '../../limits/fact-reader.ts';
import { nowMs } from '../../measure/clock.ts';
import { sumTallies } from '../../measure/tally.ts';
import type { SpillwayError } from '../../model/errors.ts';
import type { FetchReport, FetchSnapshot } from '../../model/fetch-report.ts';
import {
  type FetchBudgets,
  type FetchLimits,
  type FetchRequestOptions,
  type FetchShared,
  makeFetchShared,
} from '../../model/fetch-task.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { JournalCounts } from '../../model/run-journal.ts';
import type { AnySinkSpec } from '../../model/sink-spec.ts';
import type { Target } from '../../model/target.ts';
import { readKnee } from '../../model/origin-fields.ts';
import { FetchAccount } from './fetch-account.ts';
import { countUnderWay, FetchWorkerGroup } from './worker-group/fetch-worker-group.ts';
import type { TargetStream, TargetGroup } from './targets/fetch-target-stream.ts';
import type { WorkerPool } from '../pool.ts';
import { ThroughputMonitor } from './throughput-monitor.ts';

/** Origins whose knees are in the report. */
const MAX_KNEES = 20;

/**
 * Asked before targets are given to the workers: how many of `targets` may go, at least 1 of them. While it waits, no more
 * is read from the sources; once `signal` is aborted its answer means nothing.
 * @param takenCount items taken so far: whatever has a lower index was settled, or given before, or is among `targets`
 */
export type Admit = (
  targets: readonly Target[],
  takenCount: number,
  signal: AbortSignal,
) => number | Promise<number>;

export interface FetchRunOptions {
  readonly targetStream: TargetStream;
  /** What earlier sessions of the run settled; null for a new run. */
  readonly before: JournalCounts | null;
  /** Targets the run is known to have from earlier sessions. */
  readonly targetsBefore: number;
  readonly sink: AnySinkSpec;
  readonly request: FetchRequestOptions;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  /** Requests open at once over all workers; at least one a worker. */
  readonly maxInFlight: number;
  readonly workerCount: number;
  /** As many threads; ended with the run. */
  readonly pool: WorkerPool;
  /** Gets every outcome once, before it is counted. A throw breaks the run. */
  readonly onOutcomes: (outcomes: readonly Outcome[], values?: readonly unknown[]) => void;
  readonly admit?: Admit;
  /** Nothing is read, and no time counted, before every worker stands ready. @default false */
  readonly isWarm?: boolean;
}

export interface FetchRun {
  /** The final account; never rejects: a broken run says so in it. */
  readonly report: Promise<FetchReport>;
  snapshot(): FetchSnapshot;
  /** Takes no new target; what is in flight settles. */
  drain(): void;
  /** Cuts what is in flight, too. */
  abort(): void;
}

export function startFetchRun(options: FetchRunOptions): FetchRun {
  const run = new OneFetch(options);
  return {
    report: run.carryOut(),
    snapshot: () => run.snapshot(),
    drain: () => run.stop(false),
    abort: () => run.stop(true),
  };
}

class OneFetch {
  readonly #options: FetchRunOptions;
  readonly #targetStream: TargetStream;
  readonly #account = new FetchAccount();
  readonly #stopReading = new AbortController();
  #startedAtMs = nowMs();
  #cpuBefore = process.cpuUsage();
  readonly #shared: FetchShared;
  readonly #monitor = new ThroughputMonitor();
  #workerGroup: FetchWorkerGroup | undefined;
  #problem: SpillwayError | null = null;
  #isStopped = false;
  #hasLostOutcomes = false;
  #peakRssBytes = 0;

  constructor(options: FetchRunOptions) {
    this.#options = options;
    this.#targetStream = options.targetStream;
    this.#shared = makeFetchShared(countUnderWay(options), nowMs());
    if (options.before !== null) this.#account.goOnFrom(options.before);
  }

  async carryOut(): Promise<FetchReport> {
    const { workerCount, maxInFlight, sink, request, limits, budgets } = this.#options;
    await using pool = this.#options.pool;
    const watch = setInterval(() => this.#watch(), 250);
    this.#workerGroup = new FetchWorkerGroup({
      pool,
      workerCount,
      maxInFlight,
      base: { sink, request, limits, budgets, shared: this.#shared },
      onSettled: (outcomes, values) => this.#settle(outcomes, values),
      onBroken: (error) => this.#break(error),
    });
    try {
      if (this.#options.isWarm === true) {
        await this.#workerGroup.ready;
        this.#startedAtMs = nowMs();
        this.#cpuBefore = process.cpuUsage();
      }
      await this.#readAll(this.#workerGroup);
    } catch (error) {
      this.#problem ??= error as SpillwayError;
    }
    await this.#workerGroup.end().catch((error: SpillwayError) => this.#break(error));
    clearInterval(watch);
    this.#watch();
    return this.#report(this.#workerGroup);
  }

  /** Gives the worker group every target there is, or all until the run is stopped: a source may be waiting for its next line. */
  async #readAll(workerGroup: FetchWorkerGroup): Promise<void> {
    const { signal } = this.#stopReading;
    const groups = this.#targetStream.groups(signal);
    let giveUp = () => {};
    signal.addEventListener('abort', () => giveUp(), { once: true });
    while (!signal.aborted) {
      // One promise a group: a race against one that lasts as long as the run would grow with the list.
      const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<TargetGroup> | null>();
      giveUp = () => resolve(null);
      groups.next().then(resolve, reject);
      const next = await promise;
      if (next === null || next.done === true) return;
      for (const code of next.value.takenBack ?? []) this.#account.takeBack(code);
      this.#settle(next.value.settled);
      await this.#give(workerGroup, next.value.targets, signal);
    }
  }

  /** All of them, as far and as soon as whoever reads the outcomes has room. */
  async #give(workerGroup: FetchWorkerGroup, targets: readonly Target[], signal: AbortSignal): Promise<void> {
    const { admit } = this.#options;
    if (admit === undefined) return workerGroup.give(targets);
    // Also asked for a group without a target: what its source settled by itself waits for a reader, too.
    let left = targets;
    do {
      const count = await admit(left, this.#targetStream.count, signal);
      if (signal.aborted) return undefined;
      await workerGroup.give(left.slice(0, count));
      left = left.slice(count);
    } while (left.length > 0);
    return undefined;
  }

  stop(isCut: boolean): void {
    this.#isStopped = true;
    this.#stopReading.abort();
    this.#workerGroup?.stop(isCut);
  }

  get #targets(): number {
    return Math.max(this.#targetStream.count, this.#options.targetsBefore);
  }

  get #before(): FetchReport['before'] {
    const { settled = 0, ok = 0, bytes = 0 } = this.#options.before ?? {};
    return { settled, ok, bytes };
  }

  snapshot(): FetchSnapshot {
    const account = this.#account;
    const tally = sumTallies(this.#workerGroup?.tallies ?? []);
    return {
      before: this.#before,
      targets: this.#targets,
      ok: account.ok,
      failed: account.failed,
      skipped: account.skipped,
      elapsedMs: nowMs() - this.#startedAtMs,
      countAhead: this.#targetStream.countAhead,
      inFlight: tally.inFlight,
      parked: this.#workerGroup?.gauge('parked') ?? 0,
      waitingRetry: this.#workerGroup?.gauge('waitingRetry') ?? 0,
      connections: tally.connectionsOpened - tally.connectionsClosed,
      bytes: tally.bytesReceived,
      failures: { ...account.failures },
      slowestOrigin: account.slowestOrigin(),
      boundBy: this.#boundBy(tally.inFlight),
      recentPerSec: this.#monitor.perSec,
      waits: this.#monitor.waits,
    };
  }

  /** Recorded first, then counted: what the account says is on disk. */
  #settle(outcomes: readonly Outcome[], values?: readonly unknown[]): void {
    // What follows a group that was lost must not be recorded: the record of each worker's work has no holes.
    if (this.#hasLostOutcomes) return;
    try {
      this.#options.onOutcomes(outcomes, values);
    } catch (error) {
      this.#hasLostOutcomes = true;
      this.#break(error as SpillwayError);
      return;
    }
    for (const outcome of outcomes) this.#account.add(outcome);
  }

  #break(error: SpillwayError): void {
    this.#problem ??= error;
    this.stop(true);
  }

  #boundBy(inFlight: number): string {
    const workerGroup = this.#workerGroup;
    if (workerGroup === undefined) return 'starting';
    const { maxInFlight, workerCount } = this.#options;
    if (workerGroup.gauge('utilizationRatio') / workerCount > 0.9) return 'CPU of this machine';
    if (this.#rateWaitsGrew(workerGroup.gauge('rateWaits'))) return '--rate';
    if (inFlight >= maxInFlight * 0.95) return '--max-in-flight';
    if (workerGroup.gauge('parked') > 0) return '--per-origin, or pauses the servers asked for';
    if (workerGroup.gauge('waitingRetry') > 0 && inFlight === 0) return 'waits between attempts';
    return workerGroup.isFull ? 'the servers' : 'the source, or the servers';
  }

  #rateWaitsSeen = 0;

  #rateWaitsGrew(rateWaits: number): boolean {
    const hasGrown = rateWaits > this.#rateWaitsSeen;
    this.#rateWaitsSeen = rateWaits;
    return hasGrown;
  }

  #watch(): void {
    this.#peakRssBytes = Math.max(this.#peakRssBytes, readResidentBytes());
    this.#monitor.look(nowMs(), this.#account.settled, this.#workerGroup?.waits ?? null);
  }

  /** What was found of the origins that answered most. */
  #knees(): Pick<FetchReport, 'knees'> {
    if (this.#options.budgets.isAdaptive !== true) return {};
    const found = this.#account
      .busiestOrigins(MAX_KNEES)
      .map((origin) => readKnee(this.#shared.origins, origin));
    return { knees: found.filter((knee) => knee !== null) };
  }

  #report(workerGroup: FetchWorkerGroup): FetchReport {
    const account = this.#account;
    const tally = sumTallies(workerGroup.tallies);
    const unsettled = this.#targets - account.settled;
    const { user, system } = process.cpuUsage(this.#cpuBefore);
    const { p50Ms, p90Ms, p99Ms, maxMs } = account.durations.percentiles();
    const stopped = (account.skips.stopped ?? 0) + unsettled;
    return {
      ended: this.#problem !== null ? 'broken' : this.#isStopped ? 'stopped' : 'done',
      problem: this.#problem?.message ?? null,
      problemCode: this.#problem?.code ?? null,
      before: this.#before,
      settledNow: account.settledNow,
      targets: this.#targets,
      ok: account.ok,
      failed: account.failed,
      skipped: account.skipped + unsettled,
      wallMs: nowMs() - this.#startedAtMs,
      bytes: account.bytes,
      storedBytes: account.storedBytes,
      renamed: account.renamed,
      attemptsSent: tally.attemptsSent,
      retries: workerGroup.gauge('retries'),
      retriesDenied: workerGroup.gauge('retriesDenied'),
      connectionsOpened: tally.connectionsOpened,
      inFlightPeak: tally.inFlightPeak,
      peakRssBytes: this.#peakRssBytes,
      cpuUs: { user, system },
      failures: account.failures,
      skips: { ...account.skips, ...(stopped > 0 ? { stopped } : {}) },
      firstFailures: account.firstFailures,
      duplicates: this.#targetStream.duplicates,
      durationMs: { p50: p50Ms, p90: p90Ms, p99: p99Ms, max: maxMs },
      findings: [...this.#targetStream.findings(), ...this.#monitor.findings()],
      workerDeaths: workerGroup.deaths,
      ...this.#knees(),
    };
  }
}
