// Whether a target may be asked for now: the worker's slots, the rules of robots.txt, the budget of its origin and the
// rates of the run. Knows no attempt and no outcome.

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
  /** Called when what was refused may be allowed now. */
  readonly onRoom: () => void;
  /** The robots.txt of an origin is wanted. */
  readonly onRobots: (origin: string, isGuarded: boolean) => void;
}

export class Admission {
  readonly budgets: OriginBudgets;
  readonly rates: RunRates;
  /** Jobs that wait for their origin's rules; null where none are asked for. */
  readonly robots: RobotsGate | null;
  readonly #slots: RunSlots;
  readonly #gauges: Float64Array;
  readonly #hold: RateHold;
  readonly #wake: WakeTimer;

  constructor({ task, slots, onRoom, onRobots }: AdmissionParts) {
    const { request } = task;
    this.budgets = new OriginBudgets(task.shared, task.budgets, nowMs, task.ownRows);
    this.rates = new RunRates(task.shared, task.budgets);
    this.robots = request.honoursRobots === true ? new RobotsGate(request.userAgent, onRobots) : null;
    this.#slots = slots;
    this.#gauges = new Float64Array(task.gauges);
    this.#hold = new RateHold(onRoom);
    this.#wake = new WakeTimer(SWEEP_MS, onRoom);
  }

  /** A rate of the run holds everything back for now. */
  get isHolding(): boolean {
    return this.#hold.isHolding;
  }

  /** No job can begin, whatever its origin. */
  get isShut(): boolean {
    return this.#slots.isFull || this.#hold.isHolding;
  }

  /** `awaited`: the job waits in `robots` for the rules of its origin. */
  judge(job: FetchJob): RobotsVerdict {
    if (this.robots === null) return 'allowed';
    const verdict = this.robots.judge(job);
    // Told again for each target: what is known of an origin that was idle may have been dropped.
    const spacingMs = verdict === 'allowed' ? this.robots.spacingMs(job.origin) : 0;
    if (spacingMs > 0) this.budgets.setSpacing(job.originRow, spacingMs);
    return verdict;
  }

  /** Takes a place at the job's origin, which `budgets.leave` gives back; false when it has to wait. */
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

  /** Charges bytes that have arrived. @returns how long their connection is not to be read */
  chargeBytesMs(bytes: number): number {
    const waitMs = this.rates.chargeBytesMs(bytes);
    // Small bodies come whole in one read: what holds their rate is that nothing new is asked for.
    if (waitMs > 0) this.#hold.holdFor(waitMs);
    return waitMs;
  }

  close(): void {
    this.#hold.close();
    this.#wake.close();
  }
}
