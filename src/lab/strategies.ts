// The strategies by name. A strategy is a set of numbers for the plan, so they form a table. The caller sets
// numbers that a row does not, and the planner sets the rest.

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

/** What the guard allowed of what a strategy asks for, as text: `8 threads of 10000`. */
export interface Guarded {
  readonly numbers: Partial<PlanNumbers>;
  readonly guard: string | null;
}

export interface Strategy {
  readonly name: string;
  /** The strategy as it was asked for. */
  readonly spec: string;
  /** What it does, in one line. */
  readonly meaning: string;
  readonly ask: (trialCount: number, limits: Limits) => Guarded;
}

/** The connections that a session of common asynchronous clients opens by default. */
const SESSION_CONNECTIONS = 100;

/** The keyword in `threads:count=1000`. */
export const THREADS = 'threads';

/** Threads kept for the main thread, its helpers and the replicas of the mock server. */
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

/** The strategy that others are compared with, when it is one of them. */
export const REFERENCE_STRATEGY = 'multicore' satisfies StrategyName;

export function namedStrategy(name: StrategyName): Strategy {
  return { name, spec: name, ...STRATEGIES[name] };
}

/** A strategy defined by the user. @param spec as it was typed */
export function ownStrategy(name: string, spec: string, numbers: Partial<PlanNumbers>): Strategy {
  return { name, spec, ...row(spec.slice(name.length + 1).replaceAll(',', ', '), numbers) };
}

function row(meaning: string, numbers: Partial<PlanNumbers>): Pick<Strategy, 'meaning' | 'ask'> {
  return { meaning, ask: () => ({ numbers, guard: null }) };
}

/**
 * A strategy of `count` threads, each with a slice of the trials and its own session; guarded like `threaded`.
 */
export function threadsStrategy(count: number, spec: string): Strategy {
  return {
    name: THREADS,
    spec,
    meaning: `${count} threads with a slice of the trials and a session each, as many as the guard allows`,
    ask: (trialCount, limits) => askThreads(Math.min(count, trialCount), limits),
  };
}

/** Asks the guard how many threads may start: the original program starts one for each trial. */
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
