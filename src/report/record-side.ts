// One side of a comparison of records: whatever was kept, a round or a whole comparison, as figures by strategy. Pure.

import { Histogram } from '../measure/histogram.ts';
import { medianOf } from '../measure/statistics.ts';
import type { Comparison } from '../model/comparison.ts';
import { SpillwayError } from '../model/errors.ts';
import type { Percentiles, RoundRecord } from '../model/record.ts';

/** Figures with one value a round. */
const ROUND_METRICS = {
  wallMs: (round: RoundRecord) => round.wallMs,
  answersPerSec: (round: RoundRecord) => round.answersPerSec,
  efficiencyRatio: (round: RoundRecord) => round.efficiencyRatio,
  clientCpuUsPerTrial: (round: RoundRecord) => round.clientCpuUsPerTrial,
  serverCpuUsPerTrial: (round: RoundRecord) => round.server?.cpuUsPerTrial ?? null,
  peakRssBytes: (round: RoundRecord) => round.peakRssBytes,
  connectionsPeak: (round: RoundRecord) => round.tally.connectionsPeak,
  failedCount: (round: RoundRecord) => round.tally.failed,
  repeatCount: (round: RoundRecord) => round.tally.repeats,
} as const satisfies Record<string, (round: RoundRecord) => number | null>;

/** Figures of all rounds' answers together: a percentile is never made of percentiles. */
const ANSWER_METRICS = ['p50Ms', 'p99Ms', 'maxMs'] as const satisfies readonly (keyof Percentiles)[];

/** The figures that can be compared and asked for. */
export type Metric = keyof typeof ROUND_METRICS | (typeof ANSWER_METRICS)[number];
export const METRICS: readonly Metric[] = [
  ...(Object.keys(ROUND_METRICS) as (keyof typeof ROUND_METRICS)[]),
  ...ANSWER_METRICS,
];

export interface RecordSide {
  /** Where it was read from. */
  readonly file: string;
  readonly startedAt: string;
  /** By strategy. Projected times are multiplied. */
  readonly strategies: ReadonlyMap<string, Readonly<Record<Metric, readonly number[]>>>;
  /** Ratios of the reference against itself; empty for a single round. */
  readonly noiseRatios: readonly number[];
  /** What must be the same on both sides for times to be comparable, by what a person calls it. */
  readonly conditions: Readonly<Record<string, string>>;
}

/** @throws SpillwayError `ERR_OPTION` when the text is no record of this program, or of a version it does not know */
export function readSide(file: string, text: string): RecordSide {
  const record = parse(file, text);
  if (record.schema === 'spillway-round/1') {
    return {
      file,
      startedAt: record.startedAt,
      strategies: new Map([[record.strategy, figuresOf([record], 1)]]),
      noiseRatios: [],
      conditions: conditionsOf(record, record.plan.trialCount, record.plan.delayMs),
    };
  }
  return {
    file,
    startedAt: record.startedAt,
    strategies: new Map(
      record.strategies.map(({ name, rounds, projected }) => [
        name,
        figuresOf(rounds, projected?.factor ?? 1),
      ]),
    ),
    noiseRatios: record.noise.pairs.map(({ ratio }) => ratio),
    conditions: conditionsOf(record, record.trialCount, record.delayMs),
  };
}

function parse(file: string, text: string): Comparison | RoundRecord {
  const expected = 'a record as `bench --json` or `bench --report` writes it';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SpillwayError('ERR_OPTION', `${file}: expected ${expected}, found no JSON (${String(error)})`);
  }
  const { schema } = (value ?? {}) as { schema?: unknown };
  if (schema === 'spillway-round/1' || schema === 'spillway-comparison/1')
    return value as Comparison | RoundRecord;
  throw new SpillwayError(
    'ERR_OPTION',
    `${file}: expected ${expected}, found the schema ${JSON.stringify(schema ?? null)}`,
  );
}

function figuresOf(
  rounds: readonly RoundRecord[],
  factor: number,
): Readonly<Record<Metric, readonly number[]>> {
  const values = new Map<string, readonly number[]>();
  for (const [metric, read] of Object.entries(ROUND_METRICS)) {
    const known = rounds.map(read).filter((value) => value !== null);
    values.set(metric, metric === 'wallMs' ? known.map((value) => value * factor) : known);
  }
  const answers = new Histogram();
  for (const { latency } of rounds) answers.addData(latency.histogram);
  const percentiles = answers.percentiles();
  for (const metric of ANSWER_METRICS) {
    const value = percentiles[metric];
    values.set(metric, value === null ? [] : [value]);
  }
  return Object.fromEntries(values) as Record<Metric, readonly number[]>;
}

function conditionsOf(
  { versions, machine, origin }: Comparison | RoundRecord,
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
    'Node.js': versions.node ?? 'unknown',
  };
}

/** The median of a figure; null where no round knows it. */
export function medianFigure(side: RecordSide, strategy: string, metric: Metric): number | null {
  const values = side.strategies.get(strategy)?.[metric] ?? [];
  return values.length === 0 ? null : medianOf(values);
}
