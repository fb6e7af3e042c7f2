// Jobs that are not in flight, each in one of three places: fresh, parked at its origin, or waiting for its retry.

import { DueQueue } from './due-queue.ts';
import type { FetchJob } from '../attempt/fetch-job.ts';
import { OriginQueues } from './origin-queues.ts';

/** How many jobs may have left the array of fresh ones before it is trimmed. */
const MAX_LEFT_COUNT = 64;

export class WaitingJobs {
  readonly originQueues = new OriginQueues();
  readonly #retries = new DueQueue<FetchJob>();
  #fresh: FetchJob[] = [];
  #nextFresh = 0;

  get count(): number {
    return this.freshCount + this.originQueues.count + this.#retries.size;
  }

  /** Jobs that were not looked at yet: whether their origins have room is not known. */
  get freshCount(): number {
    return this.#fresh.length - this.#nextFresh;
  }

  /** The fresh jobs, in the order in which they came. */
  *fresh(): Generator<FetchJob> {
    for (let at = this.#nextFresh; at < this.#fresh.length; at++) yield this.#fresh[at] as FetchJob;
  }

  get retryCount(): number {
    return this.#retries.size;
  }

  /** Jobs that wait for their next attempt, in no order. */
  retries(): readonly FetchJob[] {
    return this.#retries.items;
  }

  addFresh(job: FetchJob): void {
    this.#fresh.push(job);
  }

  /** Adds a job whose next attempt begins when it is due. */
  addRetry(job: FetchJob): void {
    this.#retries.add(job);
  }

  /** The next job that only needs room: a retry that is due, else the one that came first. */
  takeReady(atMs: number): FetchJob | undefined {
    return this.#retries.takeDue(atMs) ?? this.#takeFresh();
  }

  /** The earliest retry that is not due; it stays. */
  get nextRetry(): FetchJob | undefined {
    return this.#retries.first;
  }

  /** Takes up to `count` jobs that were never begun, the latest first. */
  takeUntouched(count: number): FetchJob[] {
    const fresh = this.#fresh.splice(Math.max(this.#nextFresh, this.#fresh.length - count));
    return [...fresh, ...this.originQueues.takeUntouched(count - fresh.length)];
  }

  takeAll(): FetchJob[] {
    const fresh = this.#fresh.slice(this.#nextFresh);
    this.#fresh = [];
    this.#nextFresh = 0;
    return [...fresh, ...this.originQueues.takeAll(), ...this.#retries.takeAll()];
  }

  #takeFresh(): FetchJob | undefined {
    const job = this.#fresh[this.#nextFresh];
    if (job === undefined) return undefined;
    this.#nextFresh++;
    // A long list always has fresh jobs waiting, so the jobs that have left are removed before the array is
    // empty.
    if (this.#nextFresh > MAX_LEFT_COUNT && this.#nextFresh * 2 > this.#fresh.length) {
      this.#fresh.splice(0, this.#nextFresh);
      this.#nextFresh = 0;
    }
    return job;
  }
}
