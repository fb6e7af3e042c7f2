// The memory of one load: orders to all workers, and what each of them counted. It outlives every thread.

import { HeatTimeline, mergeHeat } from '../../measure/heat-timeline.ts';
import { nowMs } from '../../measure/clock.ts';
import { Histogram } from '../../measure/histogram.ts';
import { LoadTally } from '../../measure/load-tally.ts';
import { mergeTimelines, Timeline } from '../../measure/timeline.ts';
import type { HeatData, LoadTallyData } from '../../model/load/load-record.ts';
import {
  LOAD_CONTROL,
  LOAD_HISTOGRAMS,
  type LoadHistogramName,
  type SharedLoad,
  type SharedLoadAccount,
} from '../../model/load/load-task.ts';
import { ORDER } from '../../model/messages.ts';
import type { TimelineData } from '../../model/record.ts';

const STATUS_COUNT = 600;
const QUARTER_COUNT = 4;

export class LoadMemory {
  readonly shared: SharedLoad;
  readonly accounts: readonly SharedLoadAccount[];
  readonly tallies: readonly LoadTally[];
  readonly #control: Int32Array;

  constructor(workerCount: number, requestCount: number) {
    this.shared = {
      control: new SharedArrayBuffer(LOAD_CONTROL.fieldCount * 4),
      startedAtMs: new SharedArrayBuffer(8),
    };
    this.#control = new Int32Array(this.shared.control);
    this.accounts = Array.from({ length: workerCount }, () => makeAccount(requestCount));
    this.tallies = this.accounts.map(({ tally }) => new LoadTally(tally));
  }

  get startMs(): number {
    return new Float64Array(this.shared.startedAtMs)[0] as number;
  }

  async allReady(workerCount: number): Promise<void> {
    for (;;) {
      const count = Atomics.load(this.#control, LOAD_CONTROL.ready);
      if (count >= workerCount) return;
      const wait = Atomics.waitAsync(this.#control, LOAD_CONTROL.ready, count);
      if (wait.async) await wait.value;
    }
  }

  /** Lets every worker start. @param leadMs until the first request is due */
  openGate(leadMs: number): void {
    new Float64Array(this.shared.startedAtMs)[0] = nowMs() + leadMs;
    Atomics.store(this.#control, LOAD_CONTROL.gate, 1);
    Atomics.notify(this.#control, LOAD_CONTROL.gate);
  }

  drain(): void {
    Atomics.compareExchange(this.#control, LOAD_CONTROL.order, ORDER.run, ORDER.drain);
  }

  abort(): void {
    Atomics.store(this.#control, LOAD_CONTROL.order, ORDER.abort);
  }

  get order(): number {
    return Atomics.load(this.#control, LOAD_CONTROL.order);
  }

  tally(): LoadTallyData {
    return LoadTally.sum(this.tallies);
  }

  /** One histogram, summed over all workers. */
  histogram(name: LoadHistogramName): Histogram {
    return merged(this.accounts.map(({ histograms }) => histograms[name]));
  }

  /** Lateness in each quarter of the measured time. */
  lateQuarters(): readonly Histogram[] {
    return Array.from({ length: QUARTER_COUNT }, (_, quarter) =>
      merged(this.accounts.map(({ lateQuarters }) => lateQuarters[quarter] as SharedArrayBuffer)),
    );
  }

  byRequest(requestIndex: number): Histogram {
    return merged(this.accounts.map(({ byRequest }) => byRequest[requestIndex] as SharedArrayBuffer));
  }

  answers(): TimelineData {
    return mergeTimelines(this.accounts.map(({ answers }) => new Timeline(0, answers).toData()));
  }

  errors(): TimelineData {
    return mergeTimelines(this.accounts.map(({ errors }) => new Timeline(0, errors).toData()));
  }

  heat(): HeatData {
    return mergeHeat(this.accounts.map(({ heat }) => new HeatTimeline(heat).toData()));
  }

  /** The count of each status. */
  statuses(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { statuses } of this.accounts)
      for (const [status, count] of new Float64Array(statuses).entries())
        if (count > 0) counts[status] = (counts[status] ?? 0) + count;
    return counts;
  }
}

function makeAccount(requestCount: number): SharedLoadAccount {
  const histograms = Object.fromEntries(LOAD_HISTOGRAMS.map((name) => [name, Histogram.allocate()]));
  return {
    tally: LoadTally.allocate(),
    histograms: histograms as Record<LoadHistogramName, SharedArrayBuffer>,
    lateQuarters: Array.from({ length: QUARTER_COUNT }, () => Histogram.allocate()),
    byRequest: Array.from({ length: requestCount }, () => Histogram.allocate()),
    answers: Timeline.allocate(),
    errors: Timeline.allocate(),
    heat: HeatTimeline.allocate(),
    statuses: new SharedArrayBuffer(STATUS_COUNT * 8),
  };
}

function merged(buffers: readonly SharedArrayBuffer[]): Histogram {
  const sum = new Histogram();
  for (const buffer of buffers) sum.merge(new Histogram(buffer));
  return sum;
}
