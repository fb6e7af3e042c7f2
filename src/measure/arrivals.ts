// When each request of a load is due: pure arithmetic over the stages of a rate, split over workers so that
// their shares together are exactly the whole. Knows no clock: times count from the start of the first stage.

import type { ArrivalKind, RateStage } from '../model/load/load-task.ts';

export interface ArrivalOptions {
  readonly stages: readonly RateStage[];
  /** `even`: evenly spaced at the rate. `poisson`: the same rates with exponential gaps. */
  readonly kind: ArrivalKind;
  /** Seed of the gaps of `poisson`; the same for every worker of a run. */
  readonly seed: number;
  readonly workerIndex: number;
  readonly workerCount: number;
}

/**
 * The due times of one worker's share, in order. Worker k of W has the requests k, k + W, k + 2W, … of the
 * whole load. With `poisson`, every worker draws the gaps of all and keeps its own, so that the whole is the
 * same for any W.
 */
export class Arrivals {
  readonly #ramp: RateRamp;
  readonly #workerCount: number;
  readonly #random: (() => number) | null;
  /**
   * Position in the whole load: how many requests are due before this share's next one; a real number with
   * `poisson`.
   */
  #position: number;
  #nextMs: number;

  constructor({ stages, kind, seed, workerIndex, workerCount }: ArrivalOptions) {
    this.#ramp = new RateRamp(stages);
    this.#workerCount = workerCount;
    this.#random = kind === 'poisson' ? makeRandom(seed) : null;
    this.#position = this.#random === null ? workerIndex : this.#draw(workerIndex + 1);
    this.#nextMs = this.#ramp.dueMs(this.#position);
  }

  /** When the next request is due; infinite after the last. */
  get nextMs(): number {
    return this.#nextMs;
  }

  /** Advances by one request. @returns when the request that was next is due */
  take(): number {
    const dueMs = this.#nextMs;
    this.#position += this.#random === null ? this.#workerCount : this.#draw(this.#workerCount);
    this.#nextMs = this.#ramp.dueMs(this.#position);
    return dueMs;
  }

  /** Skips requests that are due at `ms` or before. */
  skipTo(ms: number): void {
    while (this.#nextMs <= ms) this.take();
  }

  /** The sum of `count` draws of an exponential distribution with mean 1: a unit-rate Poisson process. */
  #draw(count: number): number {
    const random = this.#random as () => number;
    let sum = 0;
    for (let drawn = 0; drawn < count; drawn++) sum -= Math.log(1 - random());
    return sum;
  }
}

/** Maps a position in the load to the time it is due, over stages whose rate is constant or changes linearly. */
export class RateRamp {
  readonly #stages: readonly Placed[];

  constructor(stages: readonly RateStage[]) {
    const placed: Placed[] = [];
    let startMs = 0;
    let startCount = 0;
    for (const { fromPerSec, toPerSec, durationMs } of stages) {
      const count = ((fromPerSec + toPerSec) / 2) * (durationMs / 1e3);
      placed.push({ fromPerSec, toPerSec, durationMs, startMs, startCount, endCount: startCount + count });
      startMs += durationMs;
      startCount += count;
    }
    this.#stages = placed;
  }

  /** Requests of all stages together; usually not a whole number. */
  get totalCount(): number {
    return this.#stages.at(-1)?.endCount ?? 0;
  }

  /**
   * The time at which `position` requests are due. With rates r0 to r1 over D seconds and a = (r1 - r0) / D,
   * request x of a stage is due at 2x / (r0 + sqrt(r0² + 2ax)): the root of r0 t + a t² / 2 = x that does not
   * cancel when the rates are nearly equal. Infinite for a position that no stage reaches.
   */
  dueMs(position: number): number {
    const stage = this.#stages.find(({ endCount }) => position < endCount);
    if (stage === undefined) return Number.POSITIVE_INFINITY;
    const { fromPerSec, toPerSec, durationMs, startMs, startCount } = stage;
    const within = position - startCount;
    if (within <= 0) return startMs;
    const slope = (toPerSec - fromPerSec) / (durationMs / 1e3);
    const root = Math.sqrt(Math.max(0, fromPerSec * fromPerSec + 2 * slope * within));
    return startMs + ((2 * within) / (fromPerSec + root)) * 1e3;
  }

  /** The rate at a time; 0 before the first stage and after the last. */
  rateAt(ms: number): number {
    const stage = this.#stages.find(({ startMs, durationMs }) => ms >= startMs && ms < startMs + durationMs);
    if (stage === undefined) return 0;
    const { fromPerSec, toPerSec, durationMs, startMs } = stage;
    return fromPerSec + ((toPerSec - fromPerSec) * (ms - startMs)) / durationMs;
  }
}

interface Placed extends RateStage {
  readonly startMs: number;
  readonly startCount: number;
  readonly endCount: number;
}

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
