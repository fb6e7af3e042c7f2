// All counters of one worker, in memory that outlives its thread. A trial's bit is set after its sums, so
// that a thread that dies in between leaves a trial that is run again, and never one that is lost.

import { Bitmap } from '../../measure/bitmap.ts';
import { nowMs } from '../../measure/clock.ts';
import { Histogram } from '../../measure/histogram.ts';
import { Tally } from '../../measure/tally.ts';
import { Timeline } from '../../measure/timeline.ts';
import type { FailureCode } from '../../model/errors.ts';
import { MAX_NAMED_FAILURES, type TrialFailure, type TrialTask } from '../../model/messages.ts';

/** Times are in microseconds since the run of this worker began. */
interface AnsweredTrial {
  readonly trial: number;
  readonly value: number;
  readonly bytes: number;
  readonly sentAtUs: number;
}

/** Written at every sweep; what a thread that died had used is added. */
const USAGE_FIELDS = ['eluActiveMs', 'eluIdleMs', 'cpuUserUs', 'cpuSystemUs'] as const;

export class TrialAccount {
  readonly failures: TrialFailure[] = [];
  readonly #tally: Tally;
  readonly #latency: Histogram;
  readonly #wireLatency: Histogram;
  readonly #connectTime: Histogram;
  readonly #timelineCells: SharedArrayBuffer;
  readonly #startedAtMs: Float64Array;
  readonly #settledOk: Bitmap;
  readonly #settledFailed: Bitmap;
  readonly #repeated: Bitmap;
  readonly #usedBefore: Readonly<Record<(typeof USAGE_FIELDS)[number], number>>;
  /** Replaced at the gate by one with the right zero. */
  #timeline: Timeline;
  #startMs = 0;
  #utilizationBefore = performance.eventLoopUtilization();
  #cpuBefore = process.threadCpuUsage();
  #inFlightPeak = 0;
  #begunUpTo = 0;

  constructor({ plan, ledger, account }: TrialTask) {
    this.#tally = new Tally(account.tally);
    this.#latency = new Histogram(account.latency);
    this.#wireLatency = new Histogram(account.wireLatency);
    this.#connectTime = new Histogram(account.connectTime);
    this.#timelineCells = account.timeline;
    this.#timeline = new Timeline(0, account.timeline);
    this.#startedAtMs = new Float64Array(ledger.startedAtMs);
    this.#settledOk = new Bitmap(plan.trialCount, ledger.settledOk);
    this.#settledFailed = new Bitmap(plan.trialCount, ledger.settledFailed);
    this.#repeated = new Bitmap(plan.trialCount, ledger.repeated);
    const [eluActiveMs, eluIdleMs, cpuUserUs, cpuSystemUs] = USAGE_FIELDS.map((field) =>
      this.#tally.get(field),
    ) as [number, number, number, number];
    this.#usedBefore = { eluActiveMs, eluIdleMs, cpuUserUs, cpuSystemUs };
  }

  /** The gate is open: clocks and counts of use start here, the timeline when the run began. */
  start(startMs: number): void {
    this.#startMs = startMs;
    this.#timeline = new Timeline(this.#startedAtMs[0] as number, this.#timelineCells);
    this.#utilizationBefore = performance.eventLoopUtilization();
    this.#cpuBefore = process.threadCpuUsage();
    if (this.#tally.get('firstDispatchAtMs') === 0) this.#tally.set('firstDispatchAtMs', startMs);
    this.#tally.set('lastSettledAtMs', startMs);
  }

  /** What this thread has used since the run began: event loop and CPU. */
  noteUsage(): void {
    const utilization = performance.eventLoopUtilization(this.#utilizationBefore);
    const cpu = process.threadCpuUsage(this.#cpuBefore);
    const tally = this.#tally;
    tally.set('eluActiveMs', this.#usedBefore.eluActiveMs + utilization.active);
    tally.set('eluIdleMs', this.#usedBefore.eluIdleMs + utilization.idle);
    tally.set('cpuUserUs', this.#usedBefore.cpuUserUs + cpu.user);
    tally.set('cpuSystemUs', this.#usedBefore.cpuSystemUs + cpu.system);
  }

  /** `trial` is under way, and `count` trials are in flight. */
  begun(trial: number, count: number): void {
    if (trial >= this.#begunUpTo) {
      this.#begunUpTo = trial + 1;
      this.#tally.set('begunUpTo', trial + 1);
    }
    this.inFlight(count);
  }

  inFlight(count: number): void {
    this.#tally.set('inFlight', count);
    if (count <= this.#inFlightPeak) return;
    this.#inFlightPeak = count;
    this.#tally.set('inFlightPeak', count);
  }

  /** A request went to a socket. `again`: its transport had sent it before within the same attempt. */
  sent(trial: number, again: boolean): void {
    this.#tally.add('attemptsSent', 1);
    if (again) this.#noteRepeat(trial);
  }

  connected(tookUs: number): void {
    this.#connectTime.recordMs(tookUs / 1e3);
  }

  /**
   * A trial is answered. @param startedAtUs when its first attempt began; `sentAtUs` is of the attempt that
   * was answered
   */
  answered(answer: AnsweredTrial, startedAtUs: number, nowUs: number): void {
    const tally = this.#tally;
    const atMs = this.#startMs + nowUs / 1e3;
    this.#latency.recordMs((nowUs - startedAtUs) / 1e3);
    this.#wireLatency.recordMs((nowUs - answer.sentAtUs) / 1e3);
    this.#timeline.record(atMs);
    tally.add('bytesReceived', answer.bytes);
    tally.addValue(answer.value);
    tally.set('lastSettledAtMs', atMs);
    tally.add('ok', 1);
    this.#settledOk.add(answer.trial);
  }

  failed(failure: TrialFailure): void {
    this.#tally.addFailure(failure.code);
    this.#tally.set('lastSettledAtMs', nowMs());
    this.#settledFailed.add(failure.trial);
    if (failure.code !== 'aborted' && this.failures.length < MAX_NAMED_FAILURES) this.failures.push(failure);
  }

  /** A lost attempt will be made again. */
  comesAgain(trial: number, wasSent: boolean, why: 'requeue' | 'retry' | 'hand-over'): void {
    if (wasSent) this.#noteRepeat(trial);
    if (why === 'hand-over') this.#tally.add('handedOver', 1);
    if (why === 'requeue' && wasSent) this.#tally.add('requeued', 1);
  }

  shrunk(code: FailureCode): void {
    this.#tally.add('shrinks', 1);
    if (code === 'out-of-files') this.#tally.add('shrinksByFiles', 1);
    if (code === 'out-of-ports') this.#tally.add('shrinksByPorts', 1);
  }

  #noteRepeat(trial: number): void {
    this.#tally.add('repeats', 1);
    this.#repeated.add(trial);
  }
}
