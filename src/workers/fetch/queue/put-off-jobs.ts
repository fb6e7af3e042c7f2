// Jobs whose origin had no retries left: tried again once nothing else is to be done, one of each origin at a time, and
// the others as soon as that one succeeds. What does not succeed then has the failure it came with.

import type { Outcome } from '../../../model/outcome.ts';
import type { FetchJob } from '../attempt/fetch-job.ts';
import type { OriginBudgets } from '../origin/origin-budgets.ts';

/** They count as under way: more of them would keep the list from being read on. */
const MAX_COUNT = 1_024;
/** Taken up for each that succeeds. */
const FOLLOWERS = 2;

interface PutOff {
  readonly job: FetchJob;
  /** How its last attempt ended. */
  readonly outcome: Outcome;
}

export interface PutOffParts {
  readonly budgets: Pick<OriginBudgets, 'tryRetry' | 'earnRetries'>;
  /** One more attempt at a job. */
  readonly retry: (job: FetchJob) => void;
  /** The job has had its last. */
  readonly giveUp: (job: FetchJob, outcome: Outcome) => void;
}

export class PutOffJobs {
  readonly #parts: PutOffParts;
  readonly #byPlace = new Map<number, PutOff[]>();
  #count = 0;

  constructor(parts: PutOffParts) {
    this.#parts = parts;
  }

  add(job: FetchJob, outcome: Outcome): void {
    this.#count++;
    const others = this.#byPlace.get(job.place);
    if (others === undefined) this.#byPlace.set(job.place, [{ job, outcome }]);
    else others.push({ job, outcome });
    if (this.#count <= MAX_COUNT) return;
    for (const place of this.#byPlace.keys()) {
      this.#probe(place);
      return;
    }
  }

  /** Nothing else is to be done: one of each origin. @returns whether there was any */
  takeUp(): boolean {
    if (this.#count === 0) return false;
    const places = Array.from(this.#byPlace.keys());
    for (const place of places) this.#probe(place);
    return true;
  }

  /** One that was taken up has succeeded: its origin answers again. */
  succeeded(place: number): void {
    for (let index = 0; index < FOLLOWERS; index++) {
      const next = this.#take(place);
      if (next === undefined) return;
      // What the success has earned, and what the attempt costs.
      this.#parts.budgets.earnRetries(place, 1);
      this.#parts.budgets.tryRetry(place, true);
      this.#retry(next.job);
    }
  }

  takeAll(): FetchJob[] {
    const all = [...this.#byPlace.values()].flat().map(({ job }) => job);
    this.#byPlace.clear();
    this.#count = 0;
    return all;
  }

  /** Takes up the first of an origin, or gives up all of them where it has nothing left. */
  #probe(place: number): void {
    if (this.#parts.budgets.tryRetry(place, true)) {
      const next = this.#take(place);
      if (next !== undefined) this.#retry(next.job);
      return;
    }
    for (let next = this.#take(place); next !== undefined; next = this.#take(place))
      this.#parts.giveUp(next.job, next.outcome);
  }

  #retry(job: FetchJob): void {
    job.rewind();
    this.#parts.retry(job);
  }

  #take(place: number): PutOff | undefined {
    const jobs = this.#byPlace.get(place);
    const next = jobs?.shift();
    if (next !== undefined) this.#count--;
    if (jobs?.length === 0) this.#byPlace.delete(place);
    return next;
  }
}
