// The highest rate at which a service keeps a rule, such as `p99Ms < 200`: the search doubles the rate until the
// rule breaks, halves the interval, and confirms by a longer step. Sends nothing: the caller passes a function that
// measures.

import type { KneeRecord, KneeStep } from '../model/load/knee-record.ts';

/** Measures and judges one rate, for as many seconds as asked. */
export type MeasureRate = (perSec: number, seconds: number) => Promise<KneeStep>;

export interface KneeOptions {
  /** The first rate. */
  readonly fromPerSec: number;
  /** No higher rate is asked for. */
  readonly toPerSec: number;
  /** How long a step takes; the median of the p99s of its seconds is judged. */
  readonly stepSeconds: number;
  /** The search ends when the least rate that broke is within this of the highest that held. */
  readonly widthRatio: number;
  readonly onStep?: (step: KneeStep) => void;
  /** True when the search has to end. */
  readonly isStopped?: () => boolean;
}

/** A confirming step takes this many times as long: near the limit few answers make the p99 of a second. */
const CONFIRM_TIMES = 3;
const MAX_STEPS = 40;

export async function findKnee(
  measure: MeasureRate,
  options: KneeOptions,
): Promise<Omit<KneeRecord, 'rule'>> {
  const search = new KneeSearch(measure, options);
  await search.bracket();
  await search.halve();
  return search.result();
}

class KneeSearch {
  readonly #steps: KneeStep[] = [];
  readonly #measure: MeasureRate;
  readonly #options: KneeOptions;
  #heldPerSec = 0;
  #brokePerSec = Number.POSITIVE_INFINITY;
  /** The least rate at which the client was the limit: higher rates say nothing of the service. */
  #ceilingPerSec = Number.POSITIVE_INFINITY;

  constructor(measure: MeasureRate, options: KneeOptions) {
    this.#measure = measure;
    this.#options = options;
  }

  /** Doubles the rate until one breaks the rule; halves it where the first one breaks it. */
  async bracket(): Promise<void> {
    const { fromPerSec, toPerSec, stepSeconds } = this.#options;
    for (let perSec = fromPerSec; this.#mayStep && this.#heldPerSec < toPerSec; ) {
      await this.#step(perSec, stepSeconds);
      if (this.#brokePerSec < Number.POSITIVE_INFINITY && this.#heldPerSec > 0) return;
      if (this.#ceilingPerSec <= perSec) return;
      if (this.#brokePerSec < Number.POSITIVE_INFINITY) perSec = this.#brokePerSec / 2;
      else perSec = Math.min(toPerSec, this.#heldPerSec * 2);
      if (perSec < 1) return;
    }
  }

  /**
   * Halves the interval between the highest rate that held and the least that broke; a longer step confirms the
   * knee.
   */
  async halve(): Promise<void> {
    const { stepSeconds, widthRatio } = this.#options;
    while (this.#mayStep && this.#heldPerSec > 0) {
      const highest = Math.min(this.#brokePerSec, this.#ceilingPerSec);
      if (highest < Number.POSITIVE_INFINITY && highest / this.#heldPerSec > 1 + widthRatio) {
        await this.#step((this.#heldPerSec + highest) / 2, stepSeconds);
        continue;
      }
      const perSec = this.#heldPerSec;
      const confirmed = await this.#step(perSec, stepSeconds * CONFIRM_TIMES);
      if (confirmed.verdict !== 'broke') return;
      // The rate had held by chance: goes on from the next lower one that held.
      this.#heldPerSec = this.#heldBelow(perSec);
    }
  }

  result(): Omit<KneeRecord, 'rule'> {
    const held = this.#steps.filter(
      ({ perSec, verdict }) => verdict === 'held' && perSec <= this.#heldPerSec,
    );
    const last = held.findLast(({ perSec }) => perSec === this.#heldPerSec) ?? null;
    return {
      kneePerSec: last === null ? null : this.#heldPerSec,
      brokePerSec: this.#brokePerSec === Number.POSITIVE_INFINITY ? null : this.#brokePerSec,
      isAtLeast: this.#brokePerSec === Number.POSITIVE_INFINITY || this.#ceilingPerSec < this.#brokePerSec,
      steps: [...this.#steps].sort((a, b) => a.perSec - b.perSec),
    };
  }

  async #step(perSec: number, seconds: number): Promise<KneeStep> {
    const step = await this.#measure(perSec, seconds);
    this.#steps.push(step);
    this.#options.onStep?.(step);
    if (step.verdict === 'held') {
      this.#heldPerSec = Math.max(this.#heldPerSec, perSec);
    } else if (step.verdict === 'broke') {
      this.#brokePerSec = Math.min(this.#brokePerSec, perSec);
      if (this.#heldPerSec >= this.#brokePerSec) this.#heldPerSec = this.#heldBelow(perSec);
    } else {
      this.#ceilingPerSec = Math.min(this.#ceilingPerSec, perSec);
    }
    return step;
  }

  #heldBelow(perSec: number): number {
    return Math.max(
      0,
      ...this.#steps.filter((step) => step.verdict === 'held' && step.perSec < perSec).map((s) => s.perSec),
    );
  }

  get #mayStep(): boolean {
    return this.#steps.length < MAX_STEPS && this.#options.isStopped?.() !== true;
  }
}
