// The workers of a fetch, seen from the runner: gives each worker no more targets than it can soon use, so that
// memory stays flat however long the list; levels the shares at the end of the list; and gives the targets of a
// thread that died to the thread that replaces it.

import { MessageChannel } from 'node:worker_threads';
import { Histogram } from '../../../measure/histogram.ts';
import type { Tally } from '../../../measure/tally.ts';
import { readBodyProgress } from '../../../model/body/body-progress.ts';
import { SpillwayError } from '../../../model/errors.ts';
import type { BodiesOnTheirWay } from '../../../model/fetch-report.ts';
import { type FetchTask, type FromFetchWorker, GAUGES } from '../../../model/fetch-task.ts';
import { oneLine } from '../../../model/one-line.ts';
import { giveBackRows } from '../../../model/shared/origin-fields.ts';
import { crashedOutcome, type Outcome, skippedOutcome } from '../../../model/outcome.ts';
import type { PartialBody } from '../../../model/body/partial-body.ts';
import { shownUrl } from '../../../model/shown-url.ts';
import { splitCount } from '../../../model/split.ts';
import type { Target } from '../../../model/target.ts';
import { recoverWorker } from '../../../sinks/recover/recover-sink.ts';
import { chooseMove, isSettledDown } from './level-shares.ts';
import type { WorkerPool } from '../../pool.ts';
import { recordDeath } from '../../record-death.ts';
import { RobotsCoordinator } from './robots-coordinator.ts';
import { countConnections } from '../fetch-in-flight.ts';
import { AHEAD_COUNT, BATCH_COUNT, WorkerHandle } from './worker-handle.ts';

/** Errors kept that belong to no target. */
const MAX_STRAYS = 1_000;
/** Names that all workers look up at once: as many as a name server of an ordinary machine can take. */
const MAX_NAMES = 512;

/** A task without the fields that the worker group adds. */
export type FetchTaskBase = Omit<
  FetchTask,
  | 'workerIndex'
  | 'port'
  | 'tally'
  | 'gauges'
  | 'bodyProgress'
  | 'ownRows'
  | 'inFlight'
  | 'nameTimes'
  | 'maxNames'
  | 'maxConnections'
  | 'maxInFlight'
>;

export interface WorkerGroupOptions {
  readonly pool: WorkerPool;
  readonly workerCount: number;
  /** For the whole run, split over the workers. */
  readonly maxInFlight: number;
  readonly base: FetchTaskBase;
  readonly onSettled: (outcomes: readonly Outcome[], values?: readonly unknown[]) => void;
  /** How often targets were in flight when a thread died, by index, with the counts of earlier sessions; grows. */
  readonly deathsOf?: Map<number, number>;
  /** Called when a thread died: stores `deathsOf`, so that it outlives this process. */
  readonly onDeath?: () => void;
  /** Stores what another process needs to continue a body that is on its way. */
  readonly onPartial?: (index: number, partial: PartialBody) => void;
  /** Called when a sink gave up, or threads keep dying. */
  readonly onBroken: (error: SpillwayError) => void;
}

/** The most targets that all workers have at once. */
export function countUnderWay({
  maxInFlight,
  workerCount,
}: Pick<WorkerGroupOptions, 'maxInFlight' | 'workerCount'>): number {
  return maxInFlight + workerCount * AHEAD_COUNT;
}

export class FetchWorkerGroup {
  readonly #options: WorkerGroupOptions;
  readonly #connections: Pick<FetchTask, 'maxConnections'>;
  readonly #handles: readonly WorkerHandle[];
  readonly #deaths: string[] = [];
  readonly #strays: string[] = [];
  readonly #ended: Promise<unknown>;
  readonly #robots = new RobotsCoordinator();
  readonly #readyHandles = new Set<WorkerHandle>();
  readonly #allReady = Promise.withResolvers<void>();
  #nextIndex = 0;
  #hasCapacity = Promise.withResolvers<void>();
  /** No more targets will be given. */
  #isGiven = false;
  /** Every worker was told that it gets no more: no target changes its worker from here on. */
  #isEnded = false;
  #isStopped = false;

  constructor(options: WorkerGroupOptions) {
    this.#options = options;
    const maxConnections = countConnections(options.maxInFlight, options.workerCount);
    this.#connections = maxConnections === null ? {} : { maxConnections };
    const deathsOf = options.deathsOf ?? new Map<number, number>();
    this.#handles = splitCount(options.maxInFlight, options.workerCount).map(
      (share) => new WorkerHandle(share, options.base.shared.origins, deathsOf),
    );
    this.#ended = Promise.all(this.#handles.map((handle) => this.#runWorker(handle)));
    this.#ended.catch(() => {});
  }

  get deaths(): readonly string[] {
    return this.#deaths;
  }

  /** Errors thrown in threads that belong to no target; the first of them. */
  get strays(): readonly string[] {
    return this.#strays;
  }

  get tallies(): readonly Tally[] {
    return this.#handles.map((handle) => handle.tally);
  }

  /** Resolves when every worker takes targets, or when that will never happen. */
  get ready(): Promise<unknown> {
    return Promise.race([this.#allReady.promise, this.#ended.catch(() => {})]);
  }

  /** What the run waits for when no worker with work makes progress; null otherwise. */
  get waits(): string | null {
    const busy = this.#handles.filter(({ pending }) => pending.size > 0);
    return busy.every(({ waits }) => waits !== null) ? (busy[0]?.waits ?? null) : null;
  }

  /** How long the lookups took for names that a name server was asked for. */
  nameTimes(): Histogram {
    const all = new Histogram();
    for (const { nameTimes } of this.#handles) all.merge(new Histogram(nameTimes));
    return all;
  }

  /** Counts of bodies on their way. */
  bodies(): BodiesOnTheirWay {
    const { large, ...sums } = readBodyProgress(this.#handles.map(({ bodyProgress }) => bodyProgress));
    const named = large.flatMap((body) => {
      const target = this.#handles
        .map(({ pending }) => pending.get(body.index))
        .find((it) => it !== undefined);
      return target === undefined ? [] : [{ ...body, url: shownUrl(target.url) }];
    });
    return { ...sums, large: named };
  }

  /** Sum of a gauge over the workers. */
  gauge(name: Exclude<keyof typeof GAUGES, 'fieldCount'>): number {
    return this.#handles.reduce(
      (sum, { gauges }) => sum + (new Float64Array(gauges)[GAUGES[name]] as number),
      0,
    );
  }

  /** True when every worker has as many targets as it may hold. */
  get isFull(): boolean {
    return this.#handles.every((handle) => handle.freeCount <= 0);
  }

  /** Gives targets to the workers with most room; waits while no worker has room. */
  async give(targets: readonly Target[]): Promise<void> {
    const share = Math.max(1, Math.min(BATCH_COUNT, Math.ceil(targets.length / this.#handles.length)));
    for (let start = 0; start < targets.length && !this.#isStopped; ) {
      const handle = this.#handles.reduce((best, other) => (other.freeCount > best.freeCount ? other : best));
      if (handle.freeCount <= 0) {
        await this.#hasCapacity.promise;
        continue;
      }
      const batch = targets.slice(start, start + Math.min(share, handle.freeCount));
      handle.give(batch);
      start += batch.length;
    }
  }

  /**
   * Gives no more targets; resolves when all are settled. @throws SpillwayError ERR_RUN_BROKEN when threads keep
   * dying
   */
  async end(): Promise<void> {
    this.#isGiven = true;
    this.#level();
    await this.#ended;
  }

  stop(isAborted: boolean): void {
    this.#isStopped = true;
    this.#allReady.resolve();
    this.#hasCapacity.resolve();
    for (const handle of this.#handles) {
      handle.send({ kind: 'stop', isAborted });
      this.#skipHeld(handle);
    }
  }

  #sendHeld(handle: WorkerHandle): void {
    if (!handle.isHolding) return;
    handle.sendHeld();
    if (this.#isEnded && !handle.isHolding) handle.send({ kind: 'end' });
  }

  /** Settles targets that were never sent as skipped, because no worker will settle them. */
  #skipHeld(handle: WorkerHandle): void {
    const held = handle.takeHeld();
    if (held.length > 0) this.#options.onSettled(held.map((target) => skippedOutcome(target, 'stopped')));
  }

  /** At the end of the list: moves targets to the worker that has least, until every target left is begun. */
  #level(): void {
    if (!this.#isGiven || this.#isEnded || this.#isStopped) return;
    if (this.#handles.some(({ isHolding }) => isHolding)) return;
    const move = chooseMove(this.#handles);
    if (move !== null) {
      const handle = this.#handles[move.from] as WorkerHandle;
      handle.isAsked = true;
      handle.send({ kind: 'give-back', count: move.count });
    } else if (isSettledDown(this.#handles)) {
      this.#isEnded = true;
      for (const handle of this.#handles) handle.send({ kind: 'end' });
    }
  }

  /** Gives the targets that a worker had not begun to the worker that has least. */
  #passOn(giver: WorkerHandle, { indexes, isAll }: FromFetchWorker & { kind: 'given-back' }): void {
    giver.isAsked = false;
    giver.isAllBegun = isAll;
    const targets = indexes.map((index) => giver.pending.get(index) as Target);
    for (const index of indexes) giver.pending.delete(index);
    if (this.#isStopped) {
      // The worker that would take them may be gone.
      this.#options.onSettled(targets.map((target) => skippedOutcome(target, 'stopped')));
      return;
    }
    const others = this.#handles.filter((handle) => handle !== giver);
    const taker = others.reduce((least, other) => (other.pendingCount < least.pendingCount ? other : least));
    if (targets.length > 0) taker.give(targets);
    this.#level();
  }

  /** Does one handle's work, in as many threads as it takes. */
  async #runWorker(handle: WorkerHandle): Promise<void> {
    let { sink } = this.#options.base;
    for (;;) {
      const { port1, port2 } = new MessageChannel();
      const closed = Promise.withResolvers<void>();
      port1.on('message', (message: FromFetchWorker) => this.#receive(handle, message));
      port1.on('close', closed.resolve);
      handle.port = port1;
      handle.waits = null;
      handle.last = null;
      handle.isAsked = false;
      const { base, pool } = this.#options;
      // Each thread gets a new index, so that its segments never collide with those of a dead thread.
      const workerIndex = this.#nextIndex++;
      const task = {
        ...base,
        sink,
        workerIndex,
        port: port2,
        tally: handle.tallyBuffer,
        gauges: handle.gauges,
        bodyProgress: handle.bodyProgress,
        ownRows: handle.ownRows,
        inFlight: handle.inFlight,
        nameTimes: handle.nameTimes,
        ...this.#connections,
        maxNames: Math.ceil(MAX_NAMES / this.#handles.length),
        maxInFlight: handle.maxInFlight,
      };
      const work = pool.fetchTargets(task);
      this.#resend(handle);
      try {
        await work;
        // The last messages of the thread may arrive after its end.
        await closed.promise;
        return;
      } catch (error) {
        await closed.promise;
        sink = this.#takeBack(sink, workerIndex, handle);
        giveBackRows(base.shared.origins, handle.ownRows);
        this.#recordDeath(handle, error);
      }
    }
  }

  /** Gives a new thread the targets that its predecessor left unsettled, and repeats the orders it missed. */
  #resend(handle: WorkerHandle): void {
    if (this.#isStopped) this.#skipHeld(handle);
    else handle.sendHeld();
    if (this.#isStopped) handle.send({ kind: 'stop', isAborted: true });
    else if (!this.#isEnded) this.#level();
    // A worker that is told of the end takes nothing afterwards.
    else if (!handle.isHolding) handle.send({ kind: 'end' });
  }

  /** Removes what the dead thread stored but did not report: those targets are fetched again. */
  #takeBack(
    sink: FetchTask['sink'],
    workerIndex: number,
    { last, pending }: WorkerHandle,
  ): FetchTask['sink'] {
    try {
      return recoverWorker(sink, { workerIndex, last, isUnsettled: (index) => pending.has(index) });
    } catch (error) {
      this.#options.onBroken(error as SpillwayError);
      throw error;
    }
  }

  /** Settles the target that kills threads as failed, once it is known. */
  #recordDeath(handle: WorkerHandle, error: unknown): void {
    const killer = handle.blameDeath();
    if (killer !== null) {
      const death = oneLine(error instanceof Error ? error.message : String(error));
      this.#options.onSettled([crashedOutcome(killer, death)]);
    }
    this.#options.onDeath?.();
    try {
      recordDeath(this.#deaths, 'worker threads', error, handle.barrenDeaths);
    } catch (broken) {
      this.#options.onBroken(broken as SpillwayError);
      throw broken;
    }
  }

  #receive(handle: WorkerHandle, message: FromFetchWorker): void {
    if (message.kind === 'broken') {
      this.#options.onBroken(new SpillwayError(message.code, message.message));
      return;
    }
    if (message.kind === 'ready') {
      if (this.#readyHandles.add(handle).size === this.#handles.length) this.#allReady.resolve();
      return;
    }
    if (message.kind === 'stray') {
      if (this.#strays.length < MAX_STRAYS) this.#strays.push(message.text);
      return;
    }
    if (message.kind === 'waits') {
      handle.waits = message.text;
      return;
    }
    if (message.kind === 'given-back') {
      this.#passOn(handle, message);
      return;
    }
    if (message.kind === 'partial') {
      const { index, partial } = message;
      const target = handle.pending.get(index);
      // The next thread that gets the target continues its body.
      if (target !== undefined) handle.pending.set(index, { ...target, partial });
      this.#options.onPartial?.(index, partial);
      return;
    }
    if (message.kind === 'robots') {
      this.#robots.ask(handle, message.origin);
      return;
    }
    if (message.kind === 'robots-found') {
      this.#robots.found(message.answer);
      return;
    }
    this.#options.onSettled(message.outcomes, message.values);
    handle.send({ kind: 'recorded', count: message.outcomes.length });
    for (const outcome of message.outcomes) {
      if (outcome.kind === 'ok') handle.last = outcome.stored;
      handle.settled(outcome.index);
    }
    this.#sendHeld(handle);
    if (handle.freeCount > 0) {
      this.#hasCapacity.resolve();
      this.#hasCapacity = Promise.withResolvers();
    }
    this.#level();
  }
}
