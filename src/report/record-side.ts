// One side of a comparison of records, a round or a whole comparison, as figures by strategy. Pure.

import { Histogram } from '../measure/histogram.ts';
import { medianOf } from '../measure/statistics.ts';
import { SpillwayError } from '../model/errors.ts';
import type { Percentiles } from '../model/record.ts';
import {
  type ComparedComparison,
  comparedComparison,
  type ComparedRound,
  comparedRound,
} from './schema/compared-schema.ts';
import { schemaProblem } from './schema/schema-problem.ts';

/** Figures with one value for each round. */
const ROUND_METRICS = {
  wallMs: (round: ComparedRound) => round.wallMs,
  answersPerSec: (round: ComparedRound) => round.answersPerSec,
  efficiencyRatio: (round: ComparedRound) => round.efficiencyRatio,
  clientCpuUsPerTrial: (round: ComparedRound) => round.clientCpuUsPerTrial,
  serverCpuUsPerTrial: (round: ComparedRound) => round.server?.cpuUsPerTrial ?? null,
  peakRssBytes: (round: ComparedRound) => round.peakRssBytes,
  connectionsPeak: (round: ComparedRound) => round.tally.connectionsPeak,
  failedCount: (round: ComparedRound) => round.tally.failed,
  repeatCount: (round: ComparedRound) => round.tally.repeats,
} as const satisfies Record<string, (round: ComparedRound) => number | null>;

/** Figures that are counts of rounds. */
const COUNT_METRICS = {
  brokenProofCount: ({ proof }: ComparedRound) => proof.verdict === 'broken',
  stoppedCount: ({ ended }: ComparedRound) => ended !== 'done',
} as const satisfies Record<string, (round: ComparedRound) => boolean>;

/** Figures of all rounds' answers together, as a percentile cannot be computed from percentiles. */
const ANSWER_METRICS = ['p50Ms', 'p99Ms', 'maxMs'] as const satisfies readonly (keyof Percentiles)[];

/** The figures that can be compared and named in a rule. */
export type Metric =
  | keyof typeof ROUND_METRICS
  | keyof typeof COUNT_METRICS
  | (typeof ANSWER_METRICS)[number];
export const METRICS: readonly Metric[] = [
  ...(Object.keys(ROUND_METRICS) as (keyof typeof ROUND_METRICS)[]),
  ...(Object.keys(COUNT_METRICS) as (keyof typeof COUNT_METRICS)[]),
  ...ANSWER_METRICS,
];

/** What one side holds for a strategy. */
export interface StrategySide {
  readonly roundCount: number;
  /** All values of each figure; times of a projected strategy are already multiplied. */
  readonly figures: Readonly<Record<Metric, readonly number[]>>;
}

export interface RecordSide {
  /** The file it was read from. */
  readonly file: string;
  readonly startedAt: string;
  /** True when the record was stopped before its end, so that its figures do not stand for a whole run. */
  readonly isStopped: boolean;
  readonly strategies: ReadonlyMap<string, StrategySide>;
  /** Ratios of the reference against itself; empty for a single round. */
  readonly noiseRatios: readonly number[];
  /** What must be equal on both sides so that times can be compared, by the name that is shown to a person. */
  readonly conditions: Readonly<Record<string, string>>;
}

/**
 * @throws SpillwayError `ERR_OPTION` when the text is not a complete record of this program, or has an
 * unknown version
 */
export function readSide(file: string, text: string): RecordSide {
  const record = parse(file, text);
  if (record.schema === 'spillway-round/1') {
    return {
      file,
      startedAt: record.startedAt,
      isStopped: record.ended !== 'done',
      strategies: new Map([[record.strategy, readStrategy([record], 1)]]),
      noiseRatios: [],
      conditions: conditionsOf(record, record.plan.trialCount, record.plan.delayMs),
    };
  }
  return {
    file,
    startedAt: record.startedAt,
    isStopped:
      record.isInterrupted ||
      record.strategies.some(({ rounds }) => rounds.some(({ ended }) => ended !== 'done')),
    strategies: new Map(
      record.strategies.map(({ name, rounds, projected }) => [
        name,
        readStrategy(rounds, projected?.factor ?? 1),
      ]),
    ),
    noiseRatios: record.noise.pairs.map(({ ratio }) => ratio),
    conditions: conditionsOf(record, record.trialCount, record.delayMs),
  };
}

function parse(file: string, text: string): ComparedComparison | ComparedRound {
  const expected = 'a record as `bench --json` or `bench --report` writes it';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SpillwayError('ERR_OPTION', `${file}: expected ${expected}, found no JSON (${String(error)})`);
  }
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (schema === 'spillway-pages/1') {
    throw new SpillwayError(
      'ERR_OPTION',
      `${file}: expected a record of trials, found one of \`bench --scenario pages\` (${schema}), which compare does not take`,
    );
  }
  if (schema !== 'spillway-round/1' && schema !== 'spillway-comparison/1') {
    throw new SpillwayError(
      'ERR_OPTION',
      `${file}: expected ${expected}, found the schema ${JSON.stringify(schema ?? null)}`,
    );
  }
  const problem = schemaProblem(schema === 'spillway-round/1' ? comparedRound : comparedComparison, value);
  if (problem === null) return value as ComparedComparison | ComparedRound;
  throw new SpillwayError('ERR_OPTION', `${file} is not a whole record: ${problem}`);
}

function readStrategy(rounds: readonly ComparedRound[], factor: number): StrategySide {
  const values = new Map<string, readonly number[]>();
  for (const [metric, read] of Object.entries(ROUND_METRICS)) {
    const known = rounds.map(read).filter((value) => value !== null);
    values.set(metric, metric === 'wallMs' ? known.map((value) => value * factor) : known);
  }
  for (const [metric, isCounted] of Object.entries(COUNT_METRICS))
    values.set(metric, [rounds.filter(isCounted).length]);
  const answers = new Histogram();
  for (const { latency } of rounds) answers.addData(latency.histogram);
  const percentiles = answers.percentiles();
  for (const metric of ANSWER_METRICS) {
    const value = percentiles[metric];
    values.set(metric, value === null ? [] : [value]);
  }
  return {
    roundCount: rounds.length,
    figures: Object.fromEntries(values) as Record<Metric, readonly number[]>,
  };
}

function conditionsOf(
  { versions, machine, origin }: ComparedComparison | ComparedRound,
  trialCount: number,
  delayMs: number | null,
): Readonly<Record<string, string>> {
  return {
    trials: String(trialCount),
    delay: delayMs === null ? 'unknown' : `${delayMs} ms`,
    server: origin,
    CPU: machine.cpuModel,
    'usable cores': String(machine.usableCores),
    kernel: machine.kernel,
    'Node.js': versions['node'] ?? 'unknown',
  };
}

/** The median of a figure; null when no round has it. */
export function medianFigure(side: RecordSide, strategy: string, metric: Metric): number | null {
  const values = side.strategies.get(strategy)?.figures[metric] ?? [];
  return values.length === 0 ? null : medianOf(values);
}
