// Jobs whose origin had no retries left. They are tried again when nothing else is left to do: one of each
// origin at a time, and the others as soon as that one succeeds. A job that fails then keeps the failure it
// was put off with.

import type { Outcome } from '../../../model/outcome.ts';
import type { FetchJob } from '../attempt/fetch-job.ts';
import type { OriginBudgets } from '../origin/origin-budgets.ts';

/** Put-off jobs count as under way: more of them would stop the list from being read. */
const MAX_COUNT = 1_024;
/** Jobs that are tried for each one that succeeds. */
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
  /** The job is not tried again. */
  readonly giveUp: (job: FetchJob, outcome: Outcome) => void;
}

export class PutOffJobs {
  readonly #parts: PutOffParts;
  readonly #byOrigin = new Map<number, PutOff[]>();
  #count = 0;

  constructor(parts: PutOffParts) {
    this.#parts = parts;
  }

  add(job: FetchJob, outcome: Outcome): void {
    this.#count++;
    const others = this.#byOrigin.get(job.originRow);
    if (others === undefined) this.#byOrigin.set(job.originRow, [{ job, outcome }]);
    else others.push({ job, outcome });
    if (this.#count <= MAX_COUNT) return;
    for (const originRow of this.#byOrigin.keys()) {
      this.#probe(originRow);
      return;
    }
  }

  /** Tries one job of each origin, when nothing else is left to do. @returns whether there was any */
  takeUp(): boolean {
    if (this.#count === 0) return false;
    const rows = Array.from(this.#byOrigin.keys());
    for (const originRow of rows) this.#probe(originRow);
    return true;
  }

  /** A job that was tried again has succeeded, so its origin answers again. */
  succeeded(originRow: number): void {
    for (let index = 0; index < FOLLOWERS; index++) {
      const next = this.#take(originRow);
      if (next === undefined) return;
      // Adds the retry that the success has earned, and takes the one that the attempt costs.
      this.#parts.budgets.earnRetries(originRow, 1);
      this.#parts.budgets.tryRetry(originRow, true);
      this.#retry(next.job);
    }
  }

  takeAll(): FetchJob[] {
    const all = [...this.#byOrigin.values()].flat().map(({ job }) => job);
    this.#byOrigin.clear();
    this.#count = 0;
    return all;
  }

  /** Tries the first job of an origin, or gives up all of them where the origin has no retries left. */
  #probe(originRow: number): void {
    if (this.#parts.budgets.tryRetry(originRow, true)) {
      const next = this.#take(originRow);
      if (next !== undefined) this.#retry(next.job);
      return;
    }
    for (let next = this.#take(originRow); next !== undefined; next = this.#take(originRow))
      this.#parts.giveUp(next.job, next.outcome);
  }

  #retry(job: FetchJob): void {
    job.rewind();
    this.#parts.retry(job);
  }

  #take(originRow: number): PutOff | undefined {
    const jobs = this.#byOrigin.get(originRow);
    const next = jobs?.shift();
    if (next !== undefined) this.#count--;
    if (jobs?.length === 0) this.#byOrigin.delete(originRow);
    return next;
  }
}
