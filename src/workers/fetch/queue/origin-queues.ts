// Jobs that wait for room at their origin, by the origin's row in the budgets, so that a full or paused origin
// holds up its own targets only.

import type { FetchJob } from '../attempt/fetch-job.ts';

interface OriginQueue {
  readonly jobs: FetchJob[];
  /** Jobs before this index have left; the array is trimmed when half of it is empty. */
  first: number;
}

export class OriginQueues {
  readonly #queues = new Map<number, OriginQueue>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The row of the origin whose turn it is; the origin goes to the end of the queue. */
  nextRow(): number | undefined {
    for (const [originRow, queue] of this.#queues) {
      this.#queues.delete(originRow);
      this.#queues.set(originRow, queue);
      return originRow;
    }
    return undefined;
  }

  get originCount(): number {
    return this.#queues.size;
  }

  /** Rows of the origins where jobs wait; may be changed while it is read. */
  rows(): Iterable<number> {
    return this.#queues.keys();
  }

  countAt(originRow: number): number {
    const queue = this.#queues.get(originRow);
    return queue === undefined ? 0 : queue.jobs.length - queue.first;
  }

  park(job: FetchJob): void {
    this.#count++;
    const queue = this.#queues.get(job.originRow);
    if (queue === undefined) this.#queues.set(job.originRow, { jobs: [job], first: 0 });
    else queue.jobs.push(job);
  }

  /** The job that has waited longest for the origin, without taking it. */
  peek(originRow: number): FetchJob | undefined {
    const queue = this.#queues.get(originRow);
    return queue?.jobs[queue.first];
  }

  /** Takes out the job that `peek` returned. */
  take(originRow: number): void {
    const queue = this.#queues.get(originRow);
    if (queue === undefined) return;
    this.#count--;
    queue.first++;
    if (queue.first === queue.jobs.length) {
      this.#queues.delete(originRow);
    } else if (queue.first > 64 && queue.first * 2 > queue.jobs.length) {
      queue.jobs.splice(0, queue.first);
      queue.first = 0;
    }
  }

  /** Takes up to `count` jobs that were never begun: the latest of each origin in turn. */
  takeUntouched(count: number): FetchJob[] {
    const taken: FetchJob[] = [];
    for (let before = -1; before < taken.length && taken.length < count; ) {
      before = taken.length;
      for (const [originRow, queue] of this.#queues) {
        if (taken.length === count) break;
        if (queue.jobs.at(-1)?.startedAtMs !== 0) continue;
        taken.push(queue.jobs.pop() as FetchJob);
        if (queue.first === queue.jobs.length) this.#queues.delete(originRow);
      }
    }
    this.#count -= taken.length;
    return taken;
  }

  takeAll(): FetchJob[] {
    const all = [...this.#queues.values()].flatMap(({ jobs, first }) => jobs.slice(first));
    this.#queues.clear();
    this.#count = 0;
    return all;
  }
}
