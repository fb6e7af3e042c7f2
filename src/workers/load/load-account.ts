// All counters of one worker of a load, in memory that outlives its thread.

import { readFileSync } from 'node:fs';
import { HeatTimeline } from '../../measure/heat-timeline.ts';
import { Histogram } from '../../measure/histogram.ts';
import { LoadTally } from '../../measure/load-tally.ts';
import { Timeline } from '../../measure/timeline.ts';
import type { FailureCode } from '../../model/errors.ts';
import {
  type Check,
  LOAD_HISTOGRAMS,
  type LoadHistogramName,
  type LoadTask,
} from '../../model/load/load-task.ts';
import type { LoadPosition } from './load-position.ts';

/** A request sent later than this after it was due counts as late. */
const LATE_MS = 1;
/** Time that the thread waited for a core, in nanoseconds: the second number (Documentation/scheduler/sched-stats). */
const SCHEDULE_FILE = '/proc/thread-self/schedstat';

export class LoadAccount {
  readonly tally: LoadTally;
  readonly #histograms: Readonly<Record<LoadHistogramName, Histogram>>;
  readonly #lateQuarters: readonly Histogram[];
  readonly #byRequest: readonly Histogram[];
  readonly #statuses: Float64Array;
  readonly #heat: HeatTimeline;
  readonly #answers: Timeline;
  readonly #errors: Timeline;
  readonly #warmUpMs: number;
  readonly #measuredMs: number | null;
  #utilizationBefore = performance.eventLoopUtilization();
  #cpuBefore = process.threadCpuUsage();
  #runDelayBefore = readRunDelayMs();

  constructor({ account, warmUpMs, totalMs }: LoadTask) {
    this.tally = new LoadTally(account.tally);
    this.#histograms = Object.fromEntries(
      LOAD_HISTOGRAMS.map((name) => [name, new Histogram(account.histograms[name])]),
    ) as Record<LoadHistogramName, Histogram>;
    this.#lateQuarters = account.lateQuarters.map((buffer) => new Histogram(buffer));
    this.#byRequest = account.byRequest.map((buffer) => new Histogram(buffer));
    this.#statuses = new Float64Array(account.statuses);
    this.#heat = new HeatTimeline(account.heat);
    this.#answers = new Timeline(0, account.answers);
    this.#errors = new Timeline(0, account.errors);
    this.#warmUpMs = warmUpMs;
    this.#measuredMs = totalMs === null ? null : totalMs - warmUpMs;
  }

  /** The gate is open: the thread's use of CPU and event loop counts from here. */
  start(): void {
    this.#utilizationBefore = performance.eventLoopUtilization();
    this.#cpuBefore = process.threadCpuUsage();
    this.#runDelayBefore = readRunDelayMs();
  }

  noteUsage(): void {
    const { active, idle } = performance.eventLoopUtilization(this.#utilizationBefore);
    const { user, system } = process.threadCpuUsage(this.#cpuBefore);
    this.tally.set('eluActiveMs', active);
    this.tally.set('eluIdleMs', idle);
    this.tally.set('cpuUserUs', user);
    this.tally.set('cpuSystemUs', system);
    this.tally.set('runDelayMs', readRunDelayMs() - this.#runDelayBefore);
  }

  isMeasured(dueMs: number): boolean {
    return dueMs >= this.#warmUpMs;
  }

  /** A request is due. */
  asked(dueMs: number): void {
    this.tally.add(this.isMeasured(dueMs) ? 'asked' : 'warmUpAsked', 1);
  }

  /** A request was due while the limit of owed requests was reached, so it is not sent. */
  unsent(dueMs: number): void {
    if (this.isMeasured(dueMs)) this.tally.add('unsent', 1);
  }

  sent({ dueMs, sentMs, hasWaited }: LoadPosition): void {
    if (!this.isMeasured(dueMs)) return;
    const lateMs = sentMs - dueMs;
    this.tally.add('sent', 1);
    if (this.tally.get('firstSentAtMs') === 0) this.tally.set('firstSentAtMs', sentMs);
    if (lateMs > LATE_MS) this.tally.add('late', 1);
    this.#histograms.late.recordMs(lateMs);
    // A request that waited for a connection says nothing about the sender.
    if (this.#measuredMs === null || hasWaited) return;
    const quarter = Math.floor(((dueMs - this.#warmUpMs) / this.#measuredMs) * this.#lateQuarters.length);
    this.#lateQuarters[Math.min(quarter, this.#lateQuarters.length - 1)]?.recordMs(lateMs);
  }

  connected(tookMs: number): void {
    this.#histograms.connect.recordMs(tookMs);
  }

  right(position: LoadPosition, nowMs: number): void {
    const { dueMs, sentMs, headMs, requestIndex } = position;
    if (!this.isMeasured(dueMs)) {
      this.#histograms.warmUp.recordMs(nowMs - dueMs);
      return;
    }
    const serviceMs = nowMs - sentMs;
    this.#answered(position, nowMs);
    this.tally.add('right', 1);
    this.#histograms.response.recordMs(nowMs - dueMs);
    this.#histograms.service.recordMs(serviceMs);
    this.#histograms.firstByte.recordMs(headMs - sentMs);
    this.#histograms.transfer.recordMs(nowMs - headMs);
    this.#byRequest[requestIndex]?.recordMs(serviceMs);
    this.#answers.record(nowMs);
    this.#heat.record(nowMs, nowMs - dueMs);
  }

  wrong(position: LoadPosition, check: Check, nowMs: number): void {
    if (!this.isMeasured(position.dueMs)) {
      this.tally.add('warmUpWrong', 1);
      return;
    }
    this.#answered(position, nowMs);
    this.tally.addWrong(check);
    this.#histograms.wrong.recordMs(nowMs - position.dueMs);
    this.#errors.record(nowMs);
  }

  failed({ dueMs }: LoadPosition, code: FailureCode, nowMs: number): void {
    if (!this.isMeasured(dueMs)) {
      this.tally.add('warmUpWrong', 1);
      return;
    }
    this.tally.addFailure(code);
    this.#errors.record(nowMs);
  }

  unanswered({ dueMs }: LoadPosition): void {
    this.tally.add(this.isMeasured(dueMs) ? 'unanswered' : 'warmUpWrong', 1);
  }

  #answered({ status, bytes }: LoadPosition, nowMs: number): void {
    this.tally.add('answered', 1);
    this.tally.add('bytesReceived', bytes);
    this.tally.set('lastAnsweredAtMs', nowMs);
    const at = Math.min(status, this.#statuses.length - 1);
    this.#statuses[at] = (this.#statuses[at] as number) + 1;
  }
}

function readRunDelayMs(): number {
  try {
    return Number(readFileSync(SCHEDULE_FILE, 'latin1').split(' ')[1]) / 1e6;
  } catch {
    // Other systems than Linux do not have the file.
    return 0;
  }
}
