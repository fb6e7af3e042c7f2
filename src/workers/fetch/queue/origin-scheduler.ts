// Begins jobs that wait for room at their origins: those of one origin, of all, or one of each in turn.

import type { FetchJob } from '../attempt/fetch-job.ts';
import type { OriginQueues } from './origin-queues.ts';

export interface TurnParts {
  readonly originQueues: OriginQueues;
  /** No job can begin, whatever its origin. */
  readonly isFull: () => boolean;
  /** Begins a job; false when it has to go on waiting. */
  readonly tryStart: (job: FetchJob) => boolean;
}

export class OriginScheduler {
  readonly #parts: TurnParts;

  constructor(parts: TurnParts) {
    this.#parts = parts;
  }

  /** Begins as many jobs as possible. */
  all(): void {
    const { originQueues } = this.#parts;
    if (originQueues.count === 0) return;
    for (const originRow of originQueues.rows()) this.at(originRow, Number.POSITIVE_INFINITY);
  }

  /** Begins jobs of each waiting origin in turn, after all slots were taken. */
  inTurn(): void {
    const { originQueues, isFull } = this.#parts;
    for (let misses = 0; misses < originQueues.originCount && !isFull(); ) {
      const originRow = originQueues.nextRow();
      if (originRow === undefined) return;
      misses = this.at(originRow, 1) === 0 ? misses + 1 : 0;
    }
  }

  /** Begins up to `count` of the jobs that wait for room at an origin. @returns how many */
  at(originRow: number, count: number): number {
    const { originQueues, tryStart } = this.#parts;
    for (let begun = 0; begun < count; begun++) {
      const job = originQueues.peek(originRow);
      if (job === undefined || !tryStart(job)) return begun;
      originQueues.take(originRow);
    }
    return count;
  }
}
