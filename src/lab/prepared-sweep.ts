// Plans and judges what a comparison will run, before anything is started: the plan of each strategy, on
// fewer trials when all would take too long, and the reference on each number of workers.

import { type Limits, readLimits } from '../limits/read.ts';
import { SpillwayError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { REFERENCE_STRATEGY, type Strategy } from './strategies.ts';
import { prepareRound, refuseIfNeeded } from './trial-round.ts';
import type { PreparedRound, RoundOptions } from './round-options.ts';

export interface SweepOptions {
  readonly strategies: readonly Strategy[];
  /** The options that a strategy does not set. */
  readonly base: Omit<RoundOptions, 'strategy'>;
  readonly roundCount: number;
  /** The longest that all rounds of one strategy may take together. */
  readonly budgetMs: number;
  readonly seed: number;
  /** Whether the reference is also run on 1 … cores workers. */
  readonly isScaled: boolean;
}

export interface PreparedStrategy {
  readonly strategy: Strategy;
  readonly guard: string | null;
  readonly round: PreparedRound;
  readonly projected: { readonly trialsRun: number; readonly factor: number } | null;
  /** The floor of all trials. */
  readonly floorMs: number | null;
}

export interface PreparedSweep {
  readonly options: SweepOptions;
  readonly limits: Limits;
  readonly strategies: readonly PreparedStrategy[];
  readonly reference: PreparedStrategy;
  readonly scaling: readonly PreparedStrategy[];
}

/** Exceeding the budget by no more than this still meets it. */
const BUDGET_GRACE_RATIO = 1.05;

/**
 * Plans a comparison. The reference is `multicore`, or else the first strategy.
 * @throws SpillwayError `ERR_OPTION` for numbers out of range, `ERR_LIMIT` naming the strategy that a limit refuses
 */
export function prepareSweep(options: SweepOptions, limits: Limits = readLimits()): PreparedSweep {
  const strategies = options.strategies.map((strategy) =>
    prepareStrategy(strategy, optionsFor(strategy, options, limits), limits),
  );
  const reference = strategies.find(({ strategy }) => strategy.name === REFERENCE_STRATEGY) ?? strategies[0];
  if (reference === undefined)
    throw new SpillwayError('ERR_OPTION', 'expected one strategy or more, found none');
  return {
    options,
    limits,
    strategies,
    reference,
    scaling: options.isScaled
      ? prepareScaling(reference, optionsFor(reference.strategy, options, limits), limits)
      : [],
  };
}

/** Removes the pipelining depth from strategies that cannot use it, so that it is no error for them. */
function optionsFor(strategy: Strategy, options: SweepOptions, limits: Limits): SweepOptions {
  const { base, strategies } = options;
  const hasPipelines = (one: Strategy) =>
    (one.ask(base.trialCount, limits).numbers.family ?? base.family) !== 'one-per-connection';
  if (hasPipelines(strategy) || !strategies.some(hasPipelines)) return options;
  return { ...options, base: { ...base, pipelining: 'auto' } };
}

/** @throws SpillwayError like `prepareSweep`, with the strategy's name */
export function prepareStrategy(
  strategy: Strategy,
  options: Pick<SweepOptions, 'base' | 'budgetMs' | 'roundCount'>,
  limits: Limits,
): PreparedStrategy {
  const { base, budgetMs, roundCount } = options;
  const { numbers, guard } = strategy.ask(base.trialCount, limits);
  const request = { ...base, ...numbers, strategy: strategy.name };
  try {
    const whole = prepareRound(request, limits);
    const trialsRun = trialsWithin(whole.plan, (budgetMs / roundCount) * BUDGET_GRACE_RATIO);
    const round =
      trialsRun === whole.plan.trialCount
        ? whole
        : prepareRound(fewer(request, whole.plan, trialsRun), limits);
    refuseIfNeeded(round);
    const { floorMs } = whole.plan;
    return {
      strategy,
      guard,
      round,
      floorMs,
      projected: round === whole ? null : { trialsRun, factor: factorOf(whole.plan, round.plan) },
    };
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    throw new SpillwayError(error.code, `strategy ${strategy.name}: ${error.message}`, { cause: error });
  }
}

/**
 * The number of trials in whole waves that fit, at least one wave. Without a known delay nothing can be
 * predicted, so all trials are run.
 */
function trialsWithin({ trialCount, maxInFlight, predictedMs }: Plan, roundBudgetMs: number): number {
  if (predictedMs === null || predictedMs <= roundBudgetMs) return trialCount;
  const waves = Math.max(1, Math.floor((trialCount * roundBudgetMs) / predictedMs / maxInFlight));
  return Math.min(trialCount, waves * maxInFlight);
}

/** The same connections with fewer requests each. */
function fewer(request: RoundOptions, plan: Plan, trialCount: number): RoundOptions {
  const { connectionCount: connections, maxInFlight, pipelining } = plan;
  return { ...request, trialCount, connections, maxInFlight, pipelining };
}

/** The factor between two plans: the floor grows with the waves, and the rest of the time with the trials. */
function factorOf(whole: Plan, part: Plan): number {
  return part.floorMs !== null && part.floorMs > 0
    ? whole.waveCount / part.waveCount
    : whole.trialCount / part.trialCount;
}

/** The reference on 1, 2, 4 … and all usable cores. */
function prepareScaling(
  reference: PreparedStrategy,
  options: SweepOptions,
  limits: Limits,
): PreparedStrategy[] {
  const most = Math.max(1, Math.floor(limits.cpu.usableCores));
  const counts = [most];
  for (let count = 1; count < most; count *= 2) counts.push(count);
  if (counts.length < 2) return [];
  return counts
    .toSorted((a, b) => a - b)
    .map((cores) =>
      prepareStrategy(
        {
          ...reference.strategy,
          name: `${reference.strategy.name} on ${cores}`,
          ask: (trialCount, facts) => {
            const { numbers, guard } = reference.strategy.ask(trialCount, facts);
            return { numbers: { ...numbers, cores }, guard };
          },
        },
        options,
        limits,
      ),
    );
}

/** True when both would run the same round, so that one is enough. */
export function isSameRound(a: PreparedStrategy, b: PreparedStrategy): boolean {
  const numbersOf = ({ round: { plan } }: PreparedStrategy) =>
    JSON.stringify({ ...plan, strategy: '', reasons: [] });
  return numbersOf(a) === numbersOf(b);
}
