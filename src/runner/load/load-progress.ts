// Progress of a load, read from the workers' memory several times a second.

import { RateRamp } from '../../measure/arrivals.ts';
import { nowMs } from '../../measure/clock.ts';
import { Histogram } from '../../measure/histogram.ts';
import type { LoadPlan } from '../../model/load/load-plan.ts';
import type { LoadSnapshot } from '../../model/load/load-record.ts';
import type { LoadMemory } from './load-memory.ts';

/** Percentiles over a shorter time would rest on a few answers. */
const RECENT_MS = 1_000;

export class LoadProgress {
  readonly #plan: LoadPlan;
  readonly #memory: LoadMemory;
  readonly #ramp: RateRamp | null;
  #before = { atMs: 0, right: 0 };
  #recentPerSec = 0;
  #turnCount = 0;
  #response = new Histogram();
  #recent: { p50Ms: number | null; p99Ms: number | null } = { p50Ms: null, p99Ms: null };

  constructor(plan: LoadPlan, memory: LoadMemory) {
    this.#plan = plan;
    this.#memory = memory;
    this.#ramp = plan.rate === null ? null : new RateRamp(plan.rate.stages);
  }

  read(): LoadSnapshot {
    const { warmUpMs, durationMs } = this.#plan;
    const atMs = Math.max(0, nowMs() - this.#memory.startMs);
    const tally = this.#memory.tally();
    if (atMs - this.#before.atMs >= RECENT_MS) this.#turn(atMs, tally.right);
    const wanted = this.#ramp?.rateAt(Math.max(0, atMs - warmUpMs)) ?? null;
    return {
      atMs,
      phase:
        atMs < warmUpMs
          ? 'warm-up'
          : durationMs !== null && atMs >= warmUpMs + durationMs
            ? 'drain'
            : 'measured',
      tally,
      recentPerSec: this.#recentPerSec,
      wantedPerSec: wanted,
      turn: this.#turnCount,
      recentP50Ms: this.#recent.p50Ms,
      recentP99Ms: this.#recent.p99Ms,
    };
  }

  /** Ends a second: its rate and percentiles are the difference of the counts. */
  #turn(atMs: number, right: number): void {
    this.#turnCount++;
    const response = this.#memory.histogram('response');
    const recent = response.since(this.#response);
    this.#recent = { p50Ms: recent.percentileMs(0.5), p99Ms: recent.percentileMs(0.99) };
    this.#recentPerSec = ((right - this.#before.right) / (atMs - this.#before.atMs)) * 1e3;
    this.#response = response;
    this.#before = { atMs, right };
  }
}
