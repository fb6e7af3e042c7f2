// A comparison for a program that imports the library: strategies interleaved in random order, as `spillway bench
// --strategy` runs them.

import { prepareSweep } from '../lab/prepared-sweep.ts';
import {
  namedStrategy,
  ownStrategy,
  PLAN_KEYS,
  type PlanNumbers,
  type Strategy,
  STRATEGY_NAMES,
  type StrategyName,
} from '../lab/strategies.ts';
import { startSweep } from '../lab/sweep.ts';
import type { Comparison, ExecutedRound } from '../model/comparison.ts';
import { OptionChecks } from './option-checks.ts';
import { type BenchOptions, readRound } from './start-bench.ts';

/** The options of a comparison: those of a bench, and these. */
export interface ComparisonOptions extends Omit<BenchOptions, 'strategy'> {
  /**
   * By name, or with a name and numbers of your own. `multicore` is the reference, else the first.
   * @default all; without h2c where `origin` is given
   */
  readonly strategies?: readonly (StrategyName | ({ readonly name: string } & Partial<PlanNumbers>))[];
  /** Rounds of each. @default 3 */
  readonly rounds?: number;
  /**
   * Time for all rounds of one strategy; one that would take longer runs fewer trials and is projected.
   * @default 30000
   */
  readonly budgetMs?: number;
  /** The same seed gives the same order of rounds. @default random */
  readonly seed?: number;
  /** Also run the reference on 1, 2, 4 … cores. @default false */
  readonly isScaled?: boolean;
  /** Called after each round. */
  readonly onRound?: (round: ExecutedRound) => void;
}

const MAX_SEED = 2 ** 32 - 1;

/**
 * Runs every strategy in turn and compares them, with an A/A pair that measures noise.
 * @throws SpillwayError (rejects) ERR_OPTION naming everything that is wrong, ERR_LIMIT when the system does not allow it
 */
export async function compareStrategies(options: ComparisonOptions = {}): Promise<Comparison> {
  const checks = new OptionChecks('compareStrategies', options);
  const base = readRound(checks, 'compareStrategies');
  const signal = checks.other('signal') as AbortSignal | undefined;
  const onRound = checks.other('onRound') as ComparisonOptions['onRound'];
  const sweepOptions = {
    base,
    strategies: readStrategies(checks, options),
    roundCount: checks.number('rounds', [1, 1000, 3]),
    budgetMs: checks.quantity('budgetMs', [1000, 86_400_000, 30_000]),
    seed: checks.number('seed', [0, MAX_SEED, Math.floor(Math.random() * MAX_SEED)]),
    isScaled: checks.flag('isScaled', false),
  };
  checks.finish();
  const sweep = startSweep(prepareSweep(sweepOptions), {
    onRoundEnd: (executed) => onRound?.(executed),
  });
  const abort = () => sweep.abort();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  try {
    return await sweep.comparison;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function readStrategies(checks: OptionChecks, { origin }: ComparisonOptions): Strategy[] {
  // Another server cannot be assumed to speak HTTP/2 without TLS.
  const all = STRATEGY_NAMES.filter((name) => origin === undefined || name !== 'h2c');
  const given = (checks.other('strategies') ?? all) as NonNullable<ComparisonOptions['strategies']>;
  const strategies = given.flatMap((each) => readStrategy(checks, each) ?? []);
  const names = strategies.map(({ name }) => name);
  const double = names.find((name, at) => names.indexOf(name) !== at);
  if (double !== undefined) checks.add(`strategies: expected each name once, found ${double} twice`);
  if (given.length === 0) checks.add('strategies: expected one or more, found none');
  return strategies;
}

function readStrategy(
  checks: OptionChecks,
  given: NonNullable<ComparisonOptions['strategies']>[number],
): Strategy | null {
  if (typeof given === 'string') {
    if (STRATEGY_NAMES.includes(given)) return namedStrategy(given);
    checks.add(`strategies: expected ${STRATEGY_NAMES.join(', ')}, or { name, … }, found '${given}'`);
    return null;
  }
  const { name, ...numbers } = given;
  const unknown = Object.keys(numbers).find((key) => !PLAN_KEYS.some((known) => known === key));
  if (unknown !== undefined) {
    checks.add(`strategies: ${name}: expected ${PLAN_KEYS.join(', ')}, found ${unknown}`);
    return null;
  }
  if (STRATEGY_NAMES.some((known) => known === name)) {
    checks.add(`strategies: expected a name of your own beside numbers, found ${name}, which has its own`);
    return null;
  }
  const spec = `${name}:${Object.entries(numbers)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')}`;
  return ownStrategy(name, spec, numbers);
}
