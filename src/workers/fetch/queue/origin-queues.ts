// Jobs that wait for room at their origin, by the origin's place in the budgets: a full or paused origin holds up its
// own targets and nobody else's.

import type { FetchJob } from '../attempt/fetch-job.ts';

interface OriginQueue {
  readonly jobs: FetchJob[];
  /** Jobs before this one have left; the array is cut when it is half empty. */
  first: number;
}

export class OriginQueues {
  readonly #queues = new Map<number, OriginQueue>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** The place whose turn it is; it goes to the end of the row. */
  nextPlace(): number | undefined {
    for (const [place, queue] of this.#queues) {
      this.#queues.delete(place);
      this.#queues.set(place, queue);
      return place;
    }
    return undefined;
  }

  get placeCount(): number {
    return this.#queues.size;
  }

  /** Places where somebody waits; may be changed while it is read. */
  places(): Iterable<number> {
    return this.#queues.keys();
  }

  countAt(place: number): number {
    const queue = this.#queues.get(place);
    return queue === undefined ? 0 : queue.jobs.length - queue.first;
  }

  park(job: FetchJob): void {
    this.#count++;
    const queue = this.#queues.get(job.place);
    if (queue === undefined) this.#queues.set(job.place, { jobs: [job], first: 0 });
    else queue.jobs.push(job);
  }

  /** The job that has waited longest there, without taking it. */
  peek(place: number): FetchJob | undefined {
    const queue = this.#queues.get(place);
    return queue?.jobs[queue.first];
  }

  /** Takes what `peek` showed. */
  take(place: number): void {
    const queue = this.#queues.get(place);
    if (queue === undefined) return;
    this.#count--;
    queue.first++;
    if (queue.first === queue.jobs.length) {
      this.#queues.delete(place);
    } else if (queue.first > 64 && queue.first * 2 > queue.jobs.length) {
      queue.jobs.splice(0, queue.first);
      queue.first = 0;
    }
  }

  /** Up to `count` jobs of which no attempt was ever begun: those that came last, of each origin in turn. */
  takeUntouched(count: number): FetchJob[] {
    const taken: FetchJob[] = [];
    for (let before = -1; before < taken.length && taken.length < count; ) {
      before = taken.length;
      for (const [place, queue] of this.#queues) {
        if (taken.length === count) break;
        if (queue.jobs.at(-1)?.startedAtMs !== 0) continue;
        taken.push(queue.jobs.pop() as FetchJob);
        if (queue.first === queue.jobs.length) this.#queues.delete(place);
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
