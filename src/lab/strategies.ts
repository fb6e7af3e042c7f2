// The strategies by name: a table, because each is only other numbers in the same plan. What a row leaves out is the
// caller's, and what the caller leaves out the planner's.

import { maxThreadCount } from '../limits/cores.ts';
import type { Limits } from '../limits/read.ts';
import type { PlanRequest } from '../runner/bench/plan/plan-request.ts';

/** The numbers of a plan that a strategy may set. */
export const PLAN_KEYS = [
  'family',
  'transport',
  'cores',
  'lanes',
  'connections',
  'pipelining',
  'maxInFlight',
  'processes',
] as const;
export type PlanNumbers = Pick<PlanRequest, (typeof PLAN_KEYS)[number]>;

/** What the guard allowed of what a strategy would take, for people: `8 threads of 10000`. */
export interface Guarded {
  readonly numbers: Partial<PlanNumbers>;
  readonly guard: string | null;
}

export interface Strategy {
  readonly name: string;
  /** As it was asked for. */
  readonly spec: string;
  /** One line: what it does. */
  readonly meaning: string;
  readonly ask: (trialCount: number, limits: Limits) => Guarded;
}

/** A session of the usual asynchronous clients opens no more than this by itself. */
const SESSION_CONNECTIONS = 100;

/** In `threads:count=1000`. */
export const THREADS = 'threads';

/** What the main thread, its helpers and the replicas of the mock server take of the threads that may still start. */
const OTHER_THREADS = 64;

const oneByOne = { family: 'one-per-connection', lanes: 1 } as const;

export const STRATEGIES = {
  sequential: row('one request after another on one connection', {
    ...oneByOne,
    cores: 1,
    connections: 1,
    maxInFlight: 1,
  }),
  threaded: {
    meaning: 'threads with one request at a time each, as many as the guard allows',
    ask: (trialCount, limits) => askThreads(trialCount, limits),
  },
  async: row(`one thread, one lane, at most ${SESSION_CONNECTIONS} connections`, {
    ...oneByOne,
    cores: 1,
    connections: SESSION_CONNECTIONS,
    maxInFlight: SESSION_CONNECTIONS,
  }),
  optimized: row('one thread, several lanes, all trials in flight', { cores: 1 }),
  multicore: row('several lanes on every core, all trials in flight', {}),
  pipelined: row('several requests open at once on each HTTP/1.1 connection', { family: 'pipelined' }),
  h2c: row('many streams on each HTTP/2 connection, over plain TCP', { family: 'h2c', transport: 'undici' }),
} as const satisfies Record<string, Pick<Strategy, 'meaning' | 'ask'>>;

export type StrategyName = keyof typeof STRATEGIES;
export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[];

/** What others are measured against where it is among them. */
export const REFERENCE_STRATEGY = 'multicore' satisfies StrategyName;

export function namedStrategy(name: StrategyName): Strategy {
  return { name, spec: name, ...STRATEGIES[name] };
}

/** A strategy of the user's own. @param spec as it was typed */
export function ownStrategy(name: string, spec: string, numbers: Partial<PlanNumbers>): Strategy {
  return { name, spec, ...row(spec.slice(name.length + 1).replaceAll(',', ', '), numbers) };
}

function row(meaning: string, numbers: Partial<PlanNumbers>): Pick<Strategy, 'meaning' | 'ask'> {
  return { meaning, ask: () => ({ numbers, guard: null }) };
}

/** So many threads, each with a slice of the trials and a session of its own; guarded as `threaded` is. */
export function threadsStrategy(count: number, spec: string): Strategy {
  return {
    name: THREADS,
    spec,
    meaning: `${count} threads with a slice of the trials and a session each, as many as the guard allows`,
    ask: (trialCount, limits) => askThreads(Math.min(count, trialCount), limits),
  };
}

/** A thread a trial is what the program this is named after starts; the machine is asked first. */
function askThreads(wanted: number, limits: Limits): Guarded {
  const spare = (limits.threads.usableCount ?? Number.POSITIVE_INFINITY) - OTHER_THREADS;
  const most = Math.min(maxThreadCount(limits), spare);
  const threadCount = Math.max(1, Math.min(wanted, most));
  return {
    numbers: {
      ...oneByOne,
      cores: threadCount,
      connections: threadCount,
      maxInFlight: threadCount,
    },
    guard:
      threadCount === wanted
        ? null
        : `${threadCount} threads of ${wanted}: ${limits.cpu.usableCores} usable cores carry no more`,
  };
}
