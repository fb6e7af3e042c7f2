// One worker as the runner sees it, whichever thread it has at the moment: targets that were sent to it and are not
// settled, and targets that are held back. After a death, the targets that were in flight (the suspects) are tried
// again without any others, few at a time, so that the one that kills threads is found and no other target fails
// for it.

import type { MessagePort } from 'node:worker_threads';
import { Histogram } from '../../../measure/histogram.ts';
import { Tally } from '../../../measure/tally.ts';
import { makeBodyProgress } from '../../../model/body/body-progress.ts';
import { GAUGES, type ToFetchWorker } from '../../../model/fetch-task.ts';
import { makeOwnRows } from '../../../model/shared/origin-fields.ts';
import type { Stored } from '../../../model/outcome.ts';
import type { Target } from '../../../model/target.ts';
import type { WorkerShare } from './level-shares.ts';

/** Targets a worker has besides those in flight, so that other origins have work while one is full. */
export const AHEAD_COUNT = 2048;
/** Targets in each message. */
export const BATCH_COUNT = 64;
/** The most groups in which suspects are tried again; the targets of a group that dies are tried one by one. */
const MAX_GROUPS = 64;
/** A target that was in flight at this many deaths, the last time alone, is settled as failed. */
const MAX_DEATHS = 2;

export class WorkerHandle implements WorkerShare {
  /** Targets given and not settled, by index. */
  readonly pending = new Map<number, Target>();
  readonly tallyBuffer = Tally.allocate();
  readonly tally = new Tally(this.tallyBuffer);
  readonly gauges = new SharedArrayBuffer(GAUGES.fieldCount * 8);
  readonly bodyProgress = makeBodyProgress();
  readonly ownRows: SharedArrayBuffer;
  readonly inFlight: SharedArrayBuffer;
  readonly nameTimes = Histogram.allocate();
  readonly capacity: number;
  readonly maxInFlight: number;
  port: MessagePort | null = null;
  /** What the worker waits for, when none of its targets moves. */
  waits: string | null = null;
  /** Where the last settled body of the present thread went. */
  last: Stored | null = null;
  isAllBegun = false;
  isAsked = false;
  /** Deaths of threads in a row, without a target settled or identified as the killer between them. */
  barrenDeaths = 0;
  /** How often targets were in flight when a thread died; shared by all workers. */
  readonly #deaths: Map<number, number>;
  /** Groups of targets that were in flight at a death; each is sent when nothing else is out. */
  #suspects: Target[][] = [];
  /** Targets that wait until the suspects are settled. */
  #held: Target[] = [];

  /** @param deaths by index of the target; this object adds to it */
  constructor(maxInFlight: number, origins: SharedArrayBuffer, deaths: Map<number, number>) {
    this.maxInFlight = maxInFlight;
    this.ownRows = makeOwnRows(origins);
    this.capacity = maxInFlight + AHEAD_COUNT;
    this.inFlight = new SharedArrayBuffer(maxInFlight * Float64Array.BYTES_PER_ELEMENT);
    this.#deaths = deaths;
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  get freeCount(): number {
    return this.capacity - this.pending.size;
  }

  /** True while targets are held back: then none changes its worker, and the share is not at its end. */
  get isHolding(): boolean {
    return this.#suspects.length + this.#held.length > 0;
  }

  send(message: ToFetchWorker): void {
    this.port?.postMessage(message);
  }

  give(targets: readonly Target[]): void {
    for (const target of targets) this.pending.set(target.index, target);
    const suspects = this.#deaths.size === 0 ? [] : targets.filter(({ index }) => this.#deaths.has(index));
    if (suspects.length > 0 || this.isHolding) {
      this.#suspects.push(...suspects.map((target) => [target]));
      this.#held.push(...targets.filter(({ index }) => !this.#deaths.has(index)));
      this.sendHeld();
    } else this.#sendBatches(targets);
  }

  /**
   * Sends what can be sent now: the next suspects when nothing is out, and the held targets when no suspects are
   * left.
   */
  sendHeld(): void {
    if (this.#suspects.length > 0) {
      const waitingCount = this.#suspects.reduce((sum, { length }) => sum + length, 0) + this.#held.length;
      if (this.pending.size === waitingCount) this.#sendBatches(this.#suspects.shift() as Target[]);
    } else if (this.#held.length > 0 && this.#isOutOnlyHarmless()) {
      this.#sendBatches(this.#held.splice(0));
    }
  }

  /** Removes and returns the targets that were never sent because the run was stopped. */
  takeHeld(): Target[] {
    const held = [...this.#suspects.flat(), ...this.#held];
    this.#suspects = [];
    this.#held = [];
    for (const { index } of held) this.pending.delete(index);
    return held;
  }

  /**
   * Counts a death of the thread against the targets that were in flight.
   * @returns the target that kills threads, which is not pending any more; null where none is known to
   */
  blameDeath(): Target | null {
    const cells = new Float64Array(this.inFlight);
    const targets = [...cells]
      .filter((cell) => cell > 0)
      .map((cell) => this.pending.get(cell - 1))
      .filter((target) => target !== undefined);
    cells.fill(0);
    for (const { index } of targets) this.#deaths.set(index, (this.#deaths.get(index) ?? 0) + 1);
    const [only] = targets;
    const isKiller = only !== undefined && targets.length === 1 && this.#deathsOf(only) >= MAX_DEATHS;
    if (!isKiller) {
      this.barrenDeaths++;
      this.#regroup(targets);
      return null;
    }
    this.settled(only.index);
    this.#regroup([]);
    return only;
  }

  /** Takes a target that has its outcome out of the worker's share. */
  settled(index: number): void {
    this.pending.delete(index);
    if (this.#deaths.size > 0) this.#deaths.delete(index);
    this.barrenDeaths = 0;
  }

  /** Queues the targets of a dead thread again: suspects first, then those it had not begun. */
  #regroup(suspects: readonly Target[]): void {
    const isAgain = suspects.some((target) => this.#deathsOf(target) > 1);
    const groupSize = isAgain ? 1 : Math.ceil(suspects.length / MAX_GROUPS);
    const groups: Target[][] = [];
    for (let start = 0; start < suspects.length; start += groupSize)
      groups.push(suspects.slice(start, start + groupSize));
    this.#suspects = [...groups, ...this.#suspects];
    const waiting = new Set(this.#suspects.flat().map(({ index }) => index));
    this.#held = [...this.pending.values()].filter(({ index }) => !waiting.has(index));
  }

  #deathsOf({ index }: Target): number {
    return this.#deaths.get(index) ?? 0;
  }

  /** False while suspects are out. */
  #isOutOnlyHarmless(): boolean {
    const held = new Set(this.#held.map(({ index }) => index));
    for (const index of this.pending.keys()) if (!held.has(index) && this.#deaths.has(index)) return false;
    return true;
  }

  /** Sends targets; from here on the worker has targets that it has not begun. */
  #sendBatches(targets: readonly Target[]): void {
    this.isAllBegun = false;
    for (let start = 0; start < targets.length; start += BATCH_COUNT)
      this.send({ kind: 'targets', targets: targets.slice(start, start + BATCH_COUNT) });
  }
}
