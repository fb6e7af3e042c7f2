// Jobs that wait for room at their origin, by the origin's place in the budgets: a full or paused origin holds up its
// own targets and nobody else's.

import type { FetchJob } from '../attempt/fetch-job.ts';

interface Lot {
  readonly jobs: FetchJob[];
  /** Jobs before this one have left; the array is cut when it is half empty. */
  first: number;
}

export class Parking {
  readonly #lots = new Map<number, Lot>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The place whose turn it is; it goes to the end of the row. */
  nextPlace(): number | undefined {
    for (const [place, lot] of this.#lots) {
      this.#lots.delete(place);
      this.#lots.set(place, lot);
      return place;
    }
    return undefined;
  }

  get placeCount(): number {
    return this.#lots.size;
  }

  /** Places where somebody waits; may be changed while it is read. */
  places(): Iterable<number> {
    return this.#lots.keys();
  }

  countAt(place: number): number {
    const lot = this.#lots.get(place);
    return lot === undefined ? 0 : lot.jobs.length - lot.first;
  }

  park(job: FetchJob): void {
    this.#count++;
    const lot = this.#lots.get(job.place);
    if (lot === undefined) this.#lots.set(job.place, { jobs: [job], first: 0 });
    else lot.jobs.push(job);
  }

  /** The job that has waited longest there, without taking it. */
  peek(place: number): FetchJob | undefined {
    const lot = this.#lots.get(place);
    return lot?.jobs[lot.first];
  }

  /** Takes what `peek` showed. */
  take(place: number): void {
    const lot = this.#lots.get(place);
    if (lot === undefined) return;
    this.#count--;
    lot.first++;
    if (lot.first === lot.jobs.length) {
      this.#lots.delete(place);
    } else if (lot.first > 64 && lot.first * 2 > lot.jobs.length) {
      lot.jobs.splice(0, lot.first);
      lot.first = 0;
    }
  }

  /** Up to `count` jobs of which no attempt was ever begun: those that came last, of each origin in turn. */
  takeUntouched(count: number): FetchJob[] {
    const taken: FetchJob[] = [];
    for (let before = -1; before < taken.length && taken.length < count; ) {
      before = taken.length;
      for (const [place, lot] of this.#lots) {
        if (taken.length === count) break;
        if (lot.jobs.at(-1)?.startedAtMs !== 0) continue;
        taken.push(lot.jobs.pop() as FetchJob);
        if (lot.first === lot.jobs.length) this.#lots.delete(place);
      }
    }
    this.#count -= taken.length;
    return taken;
  }

  takeAll(): FetchJob[] {
    const all = [...this.#lots.values()].flatMap(({ jobs, first }) => jobs.slice(first));
    this.#lots.clear();
    this.#count = 0;
    return all;
  }
}
