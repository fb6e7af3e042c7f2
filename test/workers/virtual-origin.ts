// An origin and its client in virtual time: requests, answers and refusals as events in a heap, the budgets under test
// in the middle. No socket, no thread, no clock: what a busy machine does cannot change the result.

import { makeRandom } from '../../src/measure/statistics.ts';
import { BUDGETS_BYTES, type FetchBudgets } from '../../src/model/fetch-task.ts';
import { OriginBudgets } from '../../src/workers/origin-budgets.ts';

export interface OriginModel {
  /** Milliseconds that a request takes which finds `open` others there; null: it is refused. */
  serve(open: number, random: () => number): number | null;
}

/** Serves `capacity` at once in `serviceMs` each and refuses more. */
export function refusing(capacity: number, serviceMs: number, jitterRatio = 0.1): OriginModel {
  return {
    serve: (open, random) => (open >= capacity ? null : serviceMs * (1 + jitterRatio * (random() - 0.5))),
  };
}

/** Serves `capacity` at once and lets the others queue: a time in proportion to what is there. */
export function queueing(capacity: number, serviceMs: number, jitterRatio = 0.1): OriginModel {
  return {
    serve: (open, random) =>
      serviceMs * Math.max(1, (open + 1) / capacity) * (1 + jitterRatio * (random() - 0.5)),
  };
}

export interface Minute {
  readonly answered: number;
  readonly refused: number;
  readonly window: number;
}

interface Event {
  readonly atMs: number;
  readonly run: () => void;
}

const PLACE = 7;
const RTT_MS = 1;

/** Runs a client with more to fetch than it can, and tells for each second what came of it. */
export function simulate(
  origin: OriginModel,
  options: { readonly seconds: number; readonly budgets?: FetchBudgets; readonly workers?: number },
): Minute[] {
  let now = 1000;
  const shared = { budgets: new SharedArrayBuffer(BUDGETS_BYTES), epochMs: 0 };
  const limits = options.budgets ?? {
    maxPerOrigin: 0,
    isAdaptive: true,
    maxAttemptsPerSec: 0,
    maxBytesPerSec: 0,
  };
  const workers = Array.from(
    { length: options.workers ?? 2 },
    () => new OriginBudgets(shared, limits, () => now),
  );
  const random = makeRandom(1);
  const events: Event[] = [];
  const at = (atMs: number, run: () => void) => {
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((events[middle] as Event).atMs < atMs) low = middle + 1;
      else high = middle;
    }
    events.splice(low, 0, { atMs, run });
  };
  const seconds: { answered: number; refused: number; window: number }[] = [];
  const second = () => {
    const index = Math.floor((now - 1000) / 1000);
    while (seconds.length <= index) seconds.push({ answered: 0, refused: 0, window: 0 });
    return seconds[index] as { answered: number; refused: number; window: number };
  };
  let open = 0;
  let inService = 0;
  const pump = (worker: OriginBudgets) => {
    while (open < 10_000 && worker.tryEnter(PLACE)) {
      open++;
      const sentAtMs = now;
      at(now + RTT_MS / 2, () => {
        const tookMs = origin.serve(inService, random);
        if (tookMs !== null) inService++;
        at(now + (tookMs ?? 0.2), () => {
          if (tookMs !== null) inService--;
          at(now + RTT_MS / 2, () => {
            open--;
            worker.leave(PLACE);
            if (tookMs === null) {
              second().refused++;
              worker.refused(PLACE, sentAtMs);
            } else {
              second().answered++;
              worker.answered(PLACE, sentAtMs);
            }
            pump(worker);
          });
        });
      });
    }
  };
  const tick = () => {
    second().window = Math.max(open, 0);
    for (const worker of workers) pump(worker);
    at(now + 25, tick);
  };
  at(now, tick);
  while (now < 1000 + options.seconds * 1000) {
    const next = events.shift();
    if (next === undefined) break;
    now = next.atMs;
    next.run();
  }
  return seconds.slice(0, options.seconds);
}
