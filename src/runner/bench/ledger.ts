// The memory of one run: which trials are settled, what each worker counted, and the orders to all workers. It
// outlives every thread, so the run knows what a dead worker left unfinished.

import { Bitmap } from '../../measure/bitmap.ts';
import { nowMs } from '../../measure/clock.ts';
import { Histogram } from '../../measure/histogram.ts';
import { sumTallies, Tally } from '../../measure/tally.ts';
import { mergeTimelines, Timeline } from '../../measure/timeline.ts';
import {
  CONTROL,
  ORDER,
  type SharedAccount,
  type SharedLedger,
  type TrialTask,
} from '../../model/messages.ts';
import type { TallyData, TimelineData } from '../../model/record.ts';
import type { Range } from '../../model/split.ts';

export class Ledger {
  readonly trialCount: number;
  readonly shared: SharedLedger;
  readonly accounts: readonly SharedAccount[];
  readonly settledOk: Bitmap;
  readonly settledFailed: Bitmap;
  readonly repeated: Bitmap;
  readonly tallies: readonly Tally[];
  #lostAttempts = 0;
  readonly #control: Int32Array;
  readonly #aborted = Promise.withResolvers<void>();
  readonly #closeAllowed = Promise.withResolvers<void>();
  readonly #drained = Promise.withResolvers<void>();
  readonly #gateOpened = Promise.withResolvers<void>();

  constructor(trialCount: number, workerCount: number) {
    this.trialCount = trialCount;
    this.shared = {
      settledOk: Bitmap.allocate(trialCount),
      settledFailed: Bitmap.allocate(trialCount),
      repeated: Bitmap.allocate(trialCount),
      startedAtMs: new SharedArrayBuffer(8),
      control: new SharedArrayBuffer(CONTROL.fieldCount * 4),
    };
    this.settledOk = new Bitmap(trialCount, this.shared.settledOk);
    this.settledFailed = new Bitmap(trialCount, this.shared.settledFailed);
    this.repeated = new Bitmap(trialCount, this.shared.repeated);
    this.accounts = Array.from({ length: workerCount }, () => ({
      tally: Tally.allocate(),
      latency: Histogram.allocate(),
      wireLatency: Histogram.allocate(),
      connectTime: Histogram.allocate(),
      timeline: Timeline.allocate(),
    }));
    this.tallies = this.accounts.map((account) => new Tally(account.tally));
    this.#control = new Int32Array(this.shared.control);
  }

  /** Resolves when `workerCount` workers stand at the gate. */
  allReady(workerCount: number): Promise<void> {
    return this.#reach(CONTROL.ready, workerCount);
  }

  /** Resolves when `workerCount` workers have settled their shares. */
  allFinished(workerCount: number): Promise<void> {
    return this.#reach(CONTROL.finished, workerCount);
  }

  /** Lets workers that have settled their shares close their connections. */
  letClose(): void {
    Atomics.store(this.#control, CONTROL.close, 1);
    Atomics.notify(this.#control, CONTROL.close);
    this.#closeAllowed.resolve();
  }

  async #reach(field: number, workerCount: number): Promise<void> {
    for (;;) {
      const count = Atomics.load(this.#control, field);
      if (count >= workerCount) return;
      const wait = Atomics.waitAsync(this.#control, field, count);
      if (wait.async) await wait.value;
    }
  }

  /** Counts workers of another process that stand at its gate. */
  arrive(workerCount: number): void {
    Atomics.add(this.#control, CONTROL.ready, workerCount);
    Atomics.notify(this.#control, CONTROL.ready);
  }

  /** Counts workers of another process that have settled their shares. */
  finish(workerCount: number): void {
    Atomics.add(this.#control, CONTROL.finished, workerCount);
    Atomics.notify(this.#control, CONTROL.finished);
  }

  /** Lets every worker start, and every worker that comes later start at once. */
  openGate(): void {
    new Float64Array(this.shared.startedAtMs)[0] = nowMs();
    Atomics.store(this.#control, CONTROL.gate, 1);
    Atomics.notify(this.#control, CONTROL.gate);
    this.#gateOpened.resolve();
  }

  /** Begins no new trial; those in flight settle. */
  drain(): void {
    Atomics.compareExchange(this.#control, CONTROL.order, ORDER.run, ORDER.drain);
    this.#drained.resolve();
  }

  /** Cancels everything. */
  abort(): void {
    Atomics.store(this.#control, CONTROL.order, ORDER.abort);
    this.#aborted.resolve();
  }

  /** Resolves when the gate opens. */
  get gateOpened(): Promise<void> {
    return this.#gateOpened.promise;
  }

  /** Resolves at `letClose`. */
  get closeAllowed(): Promise<void> {
    return this.#closeAllowed.promise;
  }

  /** Resolves at `drain`. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Resolves at `abort`. */
  get aborted(): Promise<void> {
    return this.#aborted.promise;
  }

  get order(): 'run' | 'drain' | 'abort' {
    const order = Atomics.load(this.#control, CONTROL.order);
    return order === ORDER.run ? 'run' : order === ORDER.drain ? 'drain' : 'abort';
  }

  /**
   * Returns what is left of a dead worker's share. Draws up the worker's sums again from the bits, because it may
   * have died between setting a bit and adding to a sum; its connections died with it. Trials it had begun count as
   * repeated, since the server may have seen them.
   */
  takeOver(task: TrialTask): Range[] {
    const tally = this.tallies[task.workerIndex] as Tally;
    tally.set('inFlight', 0);
    tally.set('connectionsClosed', tally.get('connectionsOpened'));
    for (const field of ['ok', 'failed', 'valueSum', 'squareSumLow', 'squareSumHigh'] as const)
      tally.set(field, 0);
    for (let trial = task.share.start; trial < task.share.end; trial++) {
      if (this.settledFailed.has(trial)) tally.add('failed', 1);
      if (!this.settledOk.has(trial)) continue;
      tally.add('ok', 1);
      tally.addValue(trial);
    }
    const begunUpTo = tally.get('begunUpTo');
    const left = this.#unsettled(task.ranges);
    for (const range of left) {
      for (let trial = range.start; trial < Math.min(range.end, begunUpTo); trial++) this.repeated.add(trial);
    }
    return left;
  }

  #unsettled(ranges: readonly Range[]): Range[] {
    const left: Range[] = [];
    for (const range of ranges) {
      let start = -1;
      for (let trial = range.start; trial < range.end; trial++) {
        const isSettled = this.settledOk.has(trial) || this.settledFailed.has(trial);
        if (!isSettled && start < 0) start = trial;
        if (isSettled && start >= 0) {
          left.push({ start, end: trial });
          start = -1;
        }
      }
      if (start >= 0) left.push({ start, end: range.end });
    }
    return left;
  }

  /** Counts attempts that a dead process had reported; each of them is sent again. */
  addLostAttempts(count: number): void {
    this.#lostAttempts += count;
  }

  tally(): TallyData {
    const tally = sumTallies(this.tallies);
    return {
      ...tally,
      attemptsSent: tally.attemptsSent + this.#lostAttempts,
      repeats: tally.repeats + this.#lostAttempts,
    };
  }

  histogram(kind: 'latency' | 'wireLatency' | 'connectTime'): Histogram {
    const merged = new Histogram();
    for (const account of this.accounts) merged.merge(new Histogram(account[kind]));
    return merged;
  }

  timeline(): TimelineData {
    const startedAtMs = new Float64Array(this.shared.startedAtMs)[0] as number;
    return mergeTimelines(
      this.accounts.map((account) => new Timeline(startedAtMs, account.timeline).toData()),
    );
  }
}
