// Decides whether a target may be asked for now: by the worker's slots, the rules of robots.txt, the budget
// of its origin and the rates of the run. Knows no attempt and no outcome.

import { nowMs } from '../../measure/clock.ts';
import { type FetchTask, GAUGES } from '../../model/fetch-task.ts';
import type { FetchJob } from './attempt/fetch-job.ts';
import { OriginBudgets } from './origin/origin-budgets.ts';
import { RunRates } from './origin/run-rates.ts';
import { RateHold, WakeTimer } from './queue/rate-hold.ts';
import { RobotsGate, type RobotsVerdict } from './robots/robots-gate.ts';
import type { RunSlots } from './run-slots.ts';
import { SWEEP_MS } from './sweep.ts';

export interface AdmissionParts {
  readonly task: FetchTask;
  readonly slots: RunSlots;
  /** Called when a refused job may be allowed now. */
  readonly onCapacity: () => void;
  /** Called when the robots.txt of an origin is needed. */
  readonly onRobots: (origin: string, isGuarded: boolean) => void;
}

export class Admission {
  readonly budgets: OriginBudgets;
  readonly rates: RunRates;
  /** Jobs that wait for their origin's rules; null where robots.txt is not asked for. */
  readonly robots: RobotsGate | null;
  readonly #slots: RunSlots;
  readonly #gauges: Float64Array;
  readonly #hold: RateHold;
  readonly #wake: WakeTimer;

  constructor({ task, slots, onCapacity, onRobots }: AdmissionParts) {
    const { request } = task;
    this.budgets = new OriginBudgets(task.shared, task.budgets, nowMs, task.ownRows);
    this.rates = new RunRates(task.shared, task.budgets);
    this.robots = request.honoursRobots === true ? new RobotsGate(request.userAgent, onRobots) : null;
    this.#slots = slots;
    this.#gauges = new Float64Array(task.gauges);
    this.#hold = new RateHold(onCapacity);
    this.#wake = new WakeTimer(SWEEP_MS, onCapacity);
  }

  /** True while a rate of the run holds everything back. */
  get isHolding(): boolean {
    return this.#hold.isHolding;
  }

  /** True while no job can begin, whatever its origin. */
  get isShut(): boolean {
    return this.#slots.isFull || this.#hold.isHolding;
  }

  /** `awaited`: the job waits in `robots` for the rules of its origin. */
  judge(job: FetchJob): RobotsVerdict {
    if (this.robots === null) return 'allowed';
    const verdict = this.robots.judge(job);
    // Set again for each target: the memory of an origin may have been dropped while it was idle.
    const spacingMs = verdict === 'allowed' ? this.robots.spacingMs(job.origin) : 0;
    if (spacingMs > 0) this.budgets.setSpacing(job.originRow, spacingMs);
    return verdict;
  }

  /** Takes room at the job's origin, which `budgets.leave` gives back; false when the job has to wait. */
  tryEnter(job: FetchJob, waitingCount: number): boolean {
    if (this.isShut || this.budgets.isCrowded(job.originRow, waitingCount)) return false;
    if (!this.budgets.tryEnter(job.originRow)) {
      this.#wake.wakeIn(this.budgets.waitLeftMs(job.originRow));
      return false;
    }
    const waitMs = this.rates.reserveAttemptMs();
    if (waitMs <= 0) return true;
    this.budgets.leave(job.originRow);
    this.#gauges[GAUGES.rateWaits] = (this.#gauges[GAUGES.rateWaits] as number) + 1;
    this.#hold.holdFor(waitMs);
    return false;
  }

  /** Charges bytes that have arrived. @returns how long not to read from their connection */
  chargeBytesMs(bytes: number): number {
    const waitMs = this.rates.chargeBytesMs(bytes);
    // Small bodies come whole in one read, so only a pause in new requests keeps their rate.
    if (waitMs > 0) this.#hold.holdFor(waitMs);
    return waitMs;
  }

  close(): void {
    this.#hold.close();
    this.#wake.close();
  }
}
