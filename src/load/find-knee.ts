// The highest rate at which a service keeps a rule, such as `p99Ms < 200`: doubled until it breaks, then halved in
// between, and confirmed by a longer step. Knows no load: whoever calls it measures a rate.

import type { KneeRecord, KneeStep } from '../model/load/knee-record.ts';

/** How a rate is measured and judged; steps take as long as they are asked to. */
export type MeasureRate = (perSec: number, seconds: number) => Promise<KneeStep>;

export interface KneeOptions {
  /** The first rate. */
  readonly fromPerSec: number;
  /** No higher rate is asked for. */
  readonly toPerSec: number;
  /** Of a step: its p99s of each second are judged by their median. */
  readonly stepSeconds: number;
  /** The search ends when the least rate that broke is within this of the highest that held. */
  readonly widthRatio: number;
  readonly onStep?: (step: KneeStep) => void;
  /** True when somebody wants no more steps. */
  readonly isStopped?: () => boolean;
}

/** Confirming steps are so many times as long: near the limit a second's p99 is made of few answers. */
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
  /** The client could not send faster: what is higher says nothing of the service. */
  #ceilingPerSec = Number.POSITIVE_INFINITY;

  constructor(measure: MeasureRate, options: KneeOptions) {
    this.#measure = measure;
    this.#options = options;
  }

  /** Doubles from the first rate on until one breaks; goes down from it where it breaks at once. */
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

  /** Halves what lies between, and takes a rate for the knee only when a longer step confirms it. */
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
      // Held by chance: the next lower rate that held is looked at again.
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
