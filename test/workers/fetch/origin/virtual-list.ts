// A list of targets fetched from one origin in virtual time, through the budgets under test: how long it takes with a
// window that is found, or with a fixed one. Each URL has a duration of its own, the same in every run of a seed.

import { makeRandom } from '../../../../src/measure/statistics.ts';
import { type FetchBudgets, makeFetchShared } from '../../../../src/model/fetch-task.ts';
import { OriginRows } from '../../../../src/workers/fetch/origin/origin-rows.ts';
import { OriginBudgets } from '../../../../src/workers/fetch/origin/origin-budgets.ts';
import { type OriginKnee, readKnee } from '../../../../src/model/shared/origin-fields.ts';

/** Takes a request that needs `ownMs` by itself, and calls `done` when its answer goes out. */
export type Serve = (ownMs: number, done: () => void) => void;

/** Time as the server under test has it. */
export interface VirtualTime {
  readonly nowMs: number;
  at(atMs: number, run: () => void): void;
}

export interface ListModel {
  readonly name: string;
  readonly count: number;
  /** How long a URL takes by itself. */
  readonly ownMs: (random: () => number, index: number, count: number) => number;
  /** A server as new. */
  readonly makeServe: (time: VirtualTime) => Serve;
}

const ORIGIN = 'http://virtual.test';
const SWEEP_MS = 25;
const RTT_MS = 1;
/** What a run has open at most. */
const MOST_OPEN = 4096;

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export interface ListRun {
  readonly tookMs: number;
  readonly mostOpen: number;
  readonly knee: OriginKnee | null;
}

/** @param window requests at once; 0: found */
export function runList(model: ListModel, seed: number, window: number): ListRun {
  const random = makeRandom(seed);
  const owns = Array.from({ length: model.count }, (_, index) => model.ownMs(random, index, model.count));
  const budgets: FetchBudgets = {
    maxPerOrigin: window,
    isAdaptive: window === 0,
    maxAttemptsPerSec: 0,
    maxBytesPerSec: 0,
  };
  let now = 1000;
  const shared = makeFetchShared(100, 0);
  const { row } = new OriginRows(shared).enter(ORIGIN);
  const workers = [0, 1].map(() => new OriginBudgets(shared, budgets, () => now));
  const events = new EventHeap();
  const serve = model.makeServe({
    get nowMs() {
      return now;
    },
    at: (atMs, run) => events.add(atMs, run),
  });
  let nextTarget = 0;
  let open = 0;
  let mostOpen = 0;
  let doneCount = 0;
  let endedAtMs = 0;
  const pump = (worker: OriginBudgets) => {
    while (nextTarget < owns.length && open < MOST_OPEN && worker.tryEnter(row)) {
      const ownMs = owns[nextTarget++] as number;
      open++;
      mostOpen = Math.max(mostOpen, open);
      const sentAtMs = now;
      worker.sent(row);
      const arrive = () => {
        open--;
        doneCount++;
        endedAtMs = now;
        worker.leave(row);
        worker.answered(row, sentAtMs);
        pump(worker);
      };
      serve(ownMs, () => events.add(now + RTT_MS, arrive));
    }
  };
  const tick = () => {
    for (const worker of workers) pump(worker);
    if (doneCount < owns.length) events.add(now + SWEEP_MS, tick);
  };
  events.add(now, tick);
  for (let next = events.take(); next !== undefined; next = events.take()) {
    now = next.atMs;
    next.run();
  }
  return { tookMs: endedAtMs - 1000, mostOpen, knee: readKnee(shared.origins, ORIGIN) };
}

class EventHeap {
  readonly #heap: Event[] = [];
  #order = 0;

  get size(): number {
    return this.#heap.length;
  }

  get firstAtMs(): number | undefined {
    return this.#heap[0]?.atMs;
  }

  add(atMs: number, run: () => void): void {
    const heap = this.#heap;
    const event = { atMs, order: this.#order++, run };
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atMs === other.atMs ? one.order < other.order : one.atMs < other.atMs;
}

/** A normal number (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const lognormal = (medianMs: number, sigma: number) => (random: () => number) =>
  medianMs * Math.exp(sigma * normal(random));

/** 4 of 5 in 0.1-0.7 s, 1 of 5 in 0.5-6 s. */
export const bimodal = (random: () => number) =>
  random() < 0.8 ? 100 + 600 * random() : 500 + 5500 * random();

/** Sizes by Pareto, at so many bytes a millisecond after a first byte. */
export const bySize = (random: () => number) => 50 + Math.min(20_000, 100 / (1 - random()) ** (1 / 1.3));

export const unqueued = (time: VirtualTime) => (ownMs: number, done: () => void) =>
  time.at(time.nowMs + ownMs, done);

/** Durations grow to three times as much and fall again, for everybody. */
export const drifting = (periodMs: number) => (time: VirtualTime) => (ownMs: number, done: () => void) =>
  time.at(time.nowMs + ownMs * (1 + 2 * Math.sin((Math.PI * time.nowMs) / periodMs) ** 2), done);

/** So many servers before one queue, first come first served. */
export const fifo = (serverCount: number) => (time: VirtualTime) => {
  const waiting: { ownMs: number; done: () => void }[] = [];
  let busyCount = 0;
  const begin = ({ ownMs, done }: { ownMs: number; done: () => void }) => {
    busyCount++;
    time.at(time.nowMs + ownMs, () => {
      busyCount--;
      done();
      const next = waiting.shift();
      if (next !== undefined) begin(next);
    });
  };
  return (ownMs: number, done: () => void) => {
    if (busyCount < serverCount) begin({ ownMs, done });
    else waiting.push({ ownMs, done });
  };
};

/**
 * Everybody is served at once, the slower the more there are: processor sharing, by the work that each has been given.
 * @param cost 1: the same goodput however many there are; more: it falls
 */
export const sharing =
  (capacity: number, cost = 1) =>
  (time: VirtualTime) => {
    const jobs = new EventHeap();
    let given = 0;
    let atMs = time.nowMs;
    let version = 0;
    const speed = () => Math.min(1, (capacity / Math.max(1, jobs.size)) ** cost);
    const advance = () => {
      given += (time.nowMs - atMs) * speed();
      atMs = time.nowMs;
    };
    const plan = () => {
      const first = jobs.firstAtMs;
      const mine = ++version;
      if (first === undefined) return;
      time.at(time.nowMs + Math.max(0, first - given) / speed(), () => {
        if (mine !== version) return;
        advance();
        const job = jobs.take();
        plan();
        job?.run();
      });
    };
    return (ownMs: number, done: () => void) => {
      advance();
      jobs.add(given + ownMs, done);
      plan();
    };
  };

/** A list with a window that is found, against the best of some that are fixed. */
export interface Verdict {
  readonly name: string;
  readonly seed: number;
  readonly bestWindow: number;
  readonly bestMs: number;
  readonly adaptiveMs: number;
  readonly ratio: number;
  readonly mostOpen: number;
}

/** The worst of the seeds. */
export function worstOf(model: ListModel, seeds: readonly number[], windows: readonly number[]): Verdict {
  const verdicts = seeds.map((seed): Verdict => {
    const fixed = windows.map((window) => ({ window, tookMs: runList(model, seed, window).tookMs }));
    const best = fixed.reduce((one, other) => (other.tookMs < one.tookMs ? other : one));
    const { tookMs, mostOpen } = runList(model, seed, 0);
    return {
      name: model.name,
      seed,
      bestWindow: best.window,
      bestMs: best.tookMs,
      adaptiveMs: tookMs,
      ratio: tookMs / best.tookMs,
      mostOpen,
    };
  });
  return verdicts.reduce((one, other) => (other.ratio > one.ratio ? other : one));
}
