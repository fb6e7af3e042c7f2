// The trials that one worker still has to run: ranges that are walked once, and trials that came back. O(1) a
// trial; its memory grows only with what came back.

import type { Range } from '../../model/split.ts';

export class TrialQueue {
  readonly #ranges: readonly Range[];
  #range = 0;
  #cursor: number;
  readonly #putBack: number[] = [];
  readonly #handedOver: number[] = [];

  constructor(ranges: readonly Range[]) {
    this.#ranges = ranges.filter((range) => range.end > range.start);
    this.#cursor = this.#ranges[0]?.start ?? 0;
  }

  /** The next trial, or -1. Trials that were handed over go only to fallback positions, which take them first. */
  take(isFallback: boolean): number {
    if (isFallback && this.#handedOver.length > 0) return this.#handedOver.pop() as number;
    const returned = this.#putBack.pop();
    if (returned !== undefined) return returned;
    const range = this.#ranges[this.#range];
    if (range === undefined) return -1;
    const trial = this.#cursor++;
    if (this.#cursor === range.end) {
      this.#range++;
      this.#cursor = this.#ranges[this.#range]?.start ?? 0;
    }
    return trial;
  }

  putBack(trial: number): void {
    this.#putBack.push(trial);
  }

  handOver(trial: number): void {
    this.#handedOver.push(trial);
  }

  /** True while a trial waits that any position may take. */
  get hasNext(): boolean {
    return this.#putBack.length > 0 || this.#range < this.#ranges.length;
  }

  get hasHandedOver(): boolean {
    return this.#handedOver.length > 0;
  }
}
