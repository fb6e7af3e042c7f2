// What a comparison will run, planned and judged before anything is started: each strategy's plan, on fewer trials
// where all would take too long, and the reference on each number of workers.

import { type Limits, readLimits } from '../limits/read.ts';
import { SpillwayError } from '../model/errors.ts';
import type { Plan } from '../model/plan.ts';
import { REFERENCE_STRATEGY, type Strategy } from './strategies.ts';
import { prepareRound, refuseIfNeeded } from './trial-round.ts';
import type { PreparedRound, RoundOptions } from './round-options.ts';

export interface SweepOptions {
  readonly strategies: readonly Strategy[];
  /** What a strategy leaves open. */
  readonly base: Omit<RoundOptions, 'strategy'>;
  readonly roundCount: number;
  /** What all rounds of one strategy may take together. */
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
  /** For all trials. */
  readonly floorMs: number | null;
}

export interface PreparedSweep {
  readonly options: SweepOptions;
  readonly limits: Limits;
  readonly strategies: readonly PreparedStrategy[];
  readonly reference: PreparedStrategy;
  readonly scaling: readonly PreparedStrategy[];
}

/** A budget that is missed by less is met. */
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

/** A depth of pipelines that some of the strategies have a use for is not held against the others. */
function optionsFor(strategy: Strategy, options: SweepOptions, limits: Limits): SweepOptions {
  const { base, strategies } = options;
  const hasPipelines = (one: Strategy) =>
    (one.ask(base.trialCount, limits).numbers.family ?? base.family) !== 'one-per-connection';
  if (hasPipelines(strategy) || !strategies.some(hasPipelines)) return options;
  return { ...options, base: { ...base, pipelining: 'auto' } };
}

/** @throws SpillwayError as `prepareSweep`, with the strategy's name */
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

/** Whole waves that fit, at least one. Without a known delay nothing can be foretold, so all are run. */
function trialsWithin({ trialCount, maxInFlight, predictedMs }: Plan, roundBudgetMs: number): number {
  if (predictedMs === null || predictedMs <= roundBudgetMs) return trialCount;
  const waves = Math.max(1, Math.floor((trialCount * roundBudgetMs) / predictedMs / maxInFlight));
  return Math.min(trialCount, waves * maxInFlight);
}

/** The same connections, each used less often. */
function fewer(request: RoundOptions, plan: Plan, trialCount: number): RoundOptions {
  const { connectionCount: connections, maxInFlight, pipelining } = plan;
  return { ...request, trialCount, connections, maxInFlight, pipelining };
}

/** Waves for waves: the floor grows with them, and the rest of the time with the trials. */
function factorOf(whole: Plan, part: Plan): number {
  return part.floorMs !== null && part.floorMs > 0
    ? whole.waveCount / part.waveCount
    : whole.trialCount / part.trialCount;
}

/** 1, 2, 4 … and all usable cores. */
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

/** Two that would run the very same round: one is enough. */
export function isSameRound(a: PreparedStrategy, b: PreparedStrategy): boolean {
  const numbersOf = ({ round: { plan } }: PreparedStrategy) =>
    JSON.stringify({ ...plan, strategy: '', reasons: [] });
  return numbersOf(a) === numbersOf(b);
}
