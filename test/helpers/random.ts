// Numbers that are the same for the same seed, so that a case that failed can be run again.

import { makeRandom } from '../../src/measure/statistics.ts';

export class Random {
  /** In [0, 1). */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = makeRandom(seed);
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** A whole number of `least` … `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(ratio: number): boolean {
    return this.next() < ratio;
  }

  pick<Item>(all: readonly Item[]): Item {
    return all[this.below(all.length)] as Item;
  }
}
