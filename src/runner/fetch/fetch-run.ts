// ONE FETCH ON ONE MACHINE, from sources to its report: reads targets when workers have room for them, records
// outcomes, then counts them. Start reading here; fetch-worker-group.ts has the workers, fetch-target-stream.ts the
// sources.

import { readResidentBytes } from '../../limits/fact-reader.ts';
import { nowMs } from '../../measure/clock.ts';
import { sumTallies } from '../../measure/tally.ts';
import type { SpillwayError } from '../../model/errors.ts';
import type { FetchReport, FetchSnapshot } from '../../model/fetch-report.ts';
import {
  DECODERS_BYTES,
  type FetchBudgets,
  type FetchLimits,
  type FetchRequestOptions,
  type FetchShared,
  makeFetchShared,
} from '../../model/fetch-task.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { PartialBody } from '../../model/body/partial-body.ts';
import type { JournalCounts } from '../../model/run-journal.ts';
import type { AnySinkSpec } from '../../model/sink-spec.ts';
import type { Target } from '../../model/target.ts';
import { BoundBy } from './bound-by.ts';
import { type BoundNames, LIBRARY_NAMES } from './bound-names.ts';
import { FetchAccount } from './fetch-account.ts';
import { makeFetchSnapshot, type RunFigures } from './fetch-snapshot.ts';
import { makeFetchReport } from './make-fetch-report.ts';
import { countUnderWay, FetchWorkerGroup } from './worker-group/fetch-worker-group.ts';
import type { TargetStream, TargetGroup } from './targets/fetch-target-stream.ts';
import type { WorkerPool } from '../pool.ts';
import { ThroughputMonitor } from './throughput-monitor.ts';

/**
 * Called before targets are given to the workers: returns how many of `targets` may go, at least 1. Until it answers,
 * nothing more is read from the sources; once `signal` is aborted its answer is ignored.
 * @param takenCount items taken so far: each item with a lower index was settled, given before, or is among `targets`
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
  /** Targets that earlier sessions found in the sources. */
  readonly targetsBefore: number;
  readonly sink: AnySinkSpec;
  readonly request: FetchRequestOptions;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  /** Requests open at once over all workers; at least one a worker. */
  readonly maxInFlight: number;
  readonly workerCount: number;
  /** As many threads; the run ends them. */
  readonly pool: WorkerPool;
  /** Gets every outcome once, before it is counted. A throw breaks the run. */
  readonly onOutcomes: (outcomes: readonly Outcome[], values?: readonly unknown[]) => void;
  readonly admit?: Admit;
  /** What the caller calls the options that can limit the run. @default the library's names */
  readonly names?: BoundNames;
  /** `deathsOf` of the worker group, and what stores it. @default it is forgotten with the process */
  readonly deathsOf?: Map<number, number>;
  readonly onDeath?: () => void;
  /** Bodies that earlier sessions began, by target. @default none */
  readonly partials?: ReadonlyMap<number, PartialBody>;
  /** Stores what another session needs to continue a body. A throw breaks the run. */
  readonly onPartial?: (index: number, partial: PartialBody) => void;
  /** Reads nothing, and counts no time, before every worker is ready. @default false */
  readonly isWarm?: boolean;
}

export interface FetchRun {
  /** The final account; never rejects: a broken run is described in it. */
  readonly report: Promise<FetchReport>;
  snapshot(): FetchSnapshot;
  /** Takes no new target; what is in flight settles. */
  drain(): void;
  /** Cancels what is in flight, too. */
  abort(): void;
  /** The error that broke the run, with its causes; the report has it as text. Null for a run that is not broken. */
  problem(): SpillwayError | null;
}

export function startFetchRun(options: FetchRunOptions): FetchRun {
  const run = new OneFetch(options);
  return {
    report: run.carryOut(),
    snapshot: () => run.snapshot(),
    drain: () => run.stop(false),
    abort: () => run.stop(true),
    problem: () => run.problem,
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
  readonly #boundBy = new BoundBy();
  #workerGroup: FetchWorkerGroup | undefined;
  problem: SpillwayError | null = null;
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
      base: {
        sink,
        request,
        limits,
        decoderBytes: Math.floor(DECODERS_BYTES / workerCount),
        budgets,
        shared: this.#shared,
      },
      onSettled: (outcomes, values) => this.#settle(outcomes, values),
      onPartial: (index, partial) => this.#keepPartial(index, partial),
      onBroken: (error) => this.#break(error),
      ...(this.#options.deathsOf === undefined ? {} : { deathsOf: this.#options.deathsOf }),
      onDeath: () => this.#noteDeath(),
    });
    try {
      if (this.#options.isWarm === true) {
        await this.#workerGroup.ready;
        this.#startedAtMs = nowMs();
        this.#cpuBefore = process.cpuUsage();
      }
      await this.#readAll(this.#workerGroup);
    } catch (error) {
      this.problem ??= error as SpillwayError;
    }
    await this.#workerGroup.end().catch((error: SpillwayError) => this.#break(error));
    clearInterval(watch);
    this.#watch();
    return this.#report();
  }

  /**
   * Gives every target to the worker group, or stops early with the run: a source may be waiting for its next line.
   */
  async #readAll(workerGroup: FetchWorkerGroup): Promise<void> {
    const { signal } = this.#stopReading;
    const groups = this.#targetStream.groups(signal);
    let giveUp = () => {};
    signal.addEventListener('abort', () => giveUp(), { once: true });
    while (!signal.aborted) {
      // One promise for each group: a race against a promise that lasts as long as the run would leak memory with
      // the list.
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

  /** Gives all targets, as far and as soon as the reader of the outcomes has room. */
  async #give(workerGroup: FetchWorkerGroup, targets: readonly Target[], signal: AbortSignal): Promise<void> {
    const { admit } = this.#options;
    if (admit === undefined) return workerGroup.give(this.#withPartials(targets));
    // Also asks for a group without a target: items that its source settled by itself wait for a reader, too.
    let left = targets;
    do {
      const count = await admit(left, this.#targetStream.count, signal);
      if (signal.aborted) return undefined;
      await workerGroup.give(this.#withPartials(left.slice(0, count)));
      left = left.slice(count);
    } while (left.length > 0);
    return undefined;
  }

  stop(isAborted: boolean): void {
    this.#isStopped = true;
    this.#stopReading.abort();
    this.#workerGroup?.stop(isAborted);
  }

  snapshot(): FetchSnapshot {
    const figures = this.#figures;
    return makeFetchSnapshot(figures, this.#boundBy.judge(figures));
  }

  /** Everything that snapshot and report are made from. */
  get #figures(): RunFigures {
    const { before, targetsBefore, budgets, maxInFlight, workerCount } = this.#options;
    return {
      before: { settled: before?.settled ?? 0, ok: before?.ok ?? 0, bytes: before?.bytes ?? 0 },
      targets: Math.max(this.#targetStream.count, targetsBefore),
      targetStream: this.#targetStream,
      account: this.#account,
      monitor: this.#monitor,
      workerGroup: this.#workerGroup ?? null,
      elapsedMs: nowMs() - this.#startedAtMs,
      maxInFlight,
      workerCount,
      budgets,
      names: this.#options.names ?? LIBRARY_NAMES,
      origins: budgets.isAdaptive === true ? this.#shared.origins : null,
    };
  }

  /** Records outcomes first and counts them then, so that everything the account counts is on disk. */
  #settle(outcomes: readonly Outcome[], values?: readonly unknown[]): void {
    // Outcomes after a group that was lost must not be recorded: the record of each worker's work has no holes.
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

  #noteDeath(): void {
    this.#record(() => this.#options.onDeath?.());
  }

  #withPartials(targets: readonly Target[]): readonly Target[] {
    const { partials } = this.#options;
    if (partials === undefined || partials.size === 0) return targets;
    return targets.map((target) => {
      const partial = partials.get(target.index);
      return partial === undefined ? target : { ...target, partial };
    });
  }

  #keepPartial(index: number, partial: PartialBody): void {
    this.#record(() => this.#options.onPartial?.(index, partial));
  }

  /** Breaks the run when the record cannot be written. */
  #record(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#break(error as SpillwayError);
    }
  }

  #break(error: SpillwayError): void {
    this.problem ??= error;
    this.stop(true);
  }

  #watch(): void {
    this.#peakRssBytes = Math.max(this.#peakRssBytes, readResidentBytes());
    const { bytesReceived } = sumTallies(this.#workerGroup?.tallies ?? []);
    this.#monitor.look(nowMs(), this.#account.settled, bytesReceived, this.#workerGroup?.waits ?? null);
  }

  #report(): FetchReport {
    return makeFetchReport(this.#figures, {
      ended: this.problem !== null ? 'broken' : this.#isStopped ? 'stopped' : 'done',
      problem: this.problem,
      cpuUs: process.cpuUsage(this.#cpuBefore),
      peakRssBytes: this.#peakRssBytes,
    });
  }
}
