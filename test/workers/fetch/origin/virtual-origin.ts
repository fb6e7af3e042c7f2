// An origin and its client in virtual time: requests, answers and refusals as events in a heap, the budgets under test
// in the middle. No socket, no thread, no clock: what a busy machine does cannot change the result.

import { makeRandom } from '../../../../src/measure/statistics.ts';
import { makeFetchShared, type FetchBudgets } from '../../../../src/model/fetch-task.ts';
import { OriginBudgets } from '../../../../src/workers/fetch/origin/origin-budgets.ts';

export interface OriginModel {
  /** Milliseconds that a request takes which finds `open` others there; null: it is refused. */
  serve(open: number, random: () => number, nowMs: number): number | null;
  /** What it refuses it answers with 429 and no time. @default false: with 503 */
  readonly saysTooMany?: boolean;
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

/** Takes so many a second, a burst beyond them, and says 429 to more: nginx's limit_req with nodelay. */
export function limiting(perSec: number, burst: number, serviceMs: number): OriginModel {
  let excess = 0;
  let lastMs = 0;
  return {
    saysTooMany: true,
    serve: (_open, random, nowMs) => {
      const next = Math.max(0, excess - ((nowMs - lastMs) * perSec) / 1000) + 1;
      if (next > burst + 1) return null;
      excess = next;
      lastMs = nowMs;
      return serviceMs * (0.5 + random());
    },
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

const ROW = 7;
const RTT_MS = 1;
const SWEEP_MS = 25;

/** Runs a client with more to fetch than it can, and tells for each second what came of it. */
export function simulate(
  origin: OriginModel,
  options: { readonly seconds: number; readonly budgets?: FetchBudgets; readonly workers?: number },
): Minute[] {
  let now = 1000;
  const shared = makeFetchShared(100, 0);
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
  const woken = new Set<OriginBudgets>();
  /** As the engine does: a timer for what may begin before the next sweep, and late as timers are. */
  const wake = (worker: OriginBudgets) => {
    const leftMs = worker.waitLeftMs(ROW);
    if (leftMs <= 0 || leftMs >= SWEEP_MS || woken.has(worker)) return;
    woken.add(worker);
    at(now + Math.ceil(leftMs) + random() * 0.5, () => {
      woken.delete(worker);
      pump(worker);
    });
  };
  const pump = (worker: OriginBudgets) => {
    while (open < 10_000 && worker.tryEnter(ROW)) {
      open++;
      const sentAtMs = now;
      worker.sent(ROW);
      at(now + RTT_MS / 2, () => {
        const tookMs = origin.serve(inService, random, now);
        if (tookMs !== null) inService++;
        at(now + (tookMs ?? 0.2), () => {
          if (tookMs !== null) inService--;
          at(now + RTT_MS / 2, () => {
            open--;
            worker.leave(ROW);
            if (tookMs === null) {
              second().refused++;
              worker.refused(ROW, sentAtMs);
              if (origin.saysTooMany === true) worker.pauseByCount(ROW, sentAtMs, random());
            } else {
              second().answered++;
              worker.answered(ROW, sentAtMs);
            }
            pump(worker);
          });
        });
      });
    }
    wake(worker);
  };
  const tick = () => {
    second().window = Math.max(open, 0);
    for (const worker of workers) pump(worker);
    at(now + SWEEP_MS, tick);
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
