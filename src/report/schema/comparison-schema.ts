// The schema of a comparison's record. model/comparison.ts says what each number means.

import { SPEED_VERDICTS } from '../../model/comparison.ts';
import { FAMILIES } from '../../model/plan.ts';
import type { RoundRecord } from '../../model/record.ts';
import { machineSchema, percentilesSchema, planSchema } from './round-schema.ts';
import {
  amount,
  constant,
  count,
  described,
  dictionary,
  either,
  flag,
  list,
  moment,
  nullable,
  number,
  object,
  oneOf,
  type Part,
  share,
  text,
} from './schema-parts.ts';

/** Whole rounds are embedded, so the schema refers to their definition. */
const round: Part<RoundRecord> = { json: { $ref: '#/$defs/round' } };

const intervalSchema = object({
  low: number,
  high: number,
  confidenceRatio: described(share, 'How often a range made this way holds the true value.'),
});

const estimateSchema = object(
  { median: number, interval: nullable(intervalSchema), sampleCount: count },
  'A median over rounds.',
);

const ratioSchema = object({
  timeRatio: described(amount, 'Time over the time of the reference: below 1 is faster.'),
  interval: nullable(intervalSchema),
  speedUp: amount,
  speedUpInterval: nullable(intervalSchema),
  ratios: list(amount),
});

const noiseSchema = object(
  {
    strategy: text,
    pairs: list(object({ firstMs: amount, secondMs: amount, ratio: amount })),
    noise: nullable(intervalSchema),
  },
  'The reference against itself.',
);

const figuresSchema = object({
  wallMs: estimateSchema,
  floorMs: nullable(amount),
  efficiencyRatio: nullable(estimateSchema),
  answersPerSec: estimateSchema,
  latency: percentilesSchema,
  wireLatency: percentilesSchema,
  connectionsPeak: estimateSchema,
  clientCpuUsPerTrial: estimateSchema,
  serverCpuUsPerTrial: nullable(estimateSchema),
  peakRssBytes: estimateSchema,
  clientUtilizationRatio: estimateSchema,
  serverUtilizationRatio: nullable(estimateSchema),
  okCount: count,
  failedCount: count,
  repeatCount: count,
  brokenProofCount: count,
  boundBy: text,
});

const strategySchema = object({
  name: text,
  spec: text,
  meaning: text,
  family: oneOf(FAMILIES),
  plan: planSchema,
  guard: nullable(text),
  rounds: list(round),
  figures: figuresSchema,
  ratio: nullable(ratioSchema),
  verdict: oneOf(SPEED_VERDICTS),
  reason: text,
  projected: described(
    nullable(object({ trialsRun: count, factor: amount })),
    'Set where all trials would have taken too long: run on fewer, and multiplied.',
  ),
});

const executedSchema = object({
  strategy: text,
  role: oneOf(['warm-up', 'noise', 'round', 'scaling']),
  round: count,
  startedAt: moment,
  wallMs: amount,
  pausedMs: amount,
  timeWaitCount: nullable(count),
  isQuiet: flag,
  peakRssBytes: amount,
});

const limitValue = nullable(either(number, text));

const scalingSchema = object({
  workerCount: count,
  wallMs: estimateSchema,
  answersPerSec: estimateSchema,
  clientCpuUsPerTrial: estimateSchema,
  speedUp: amount,
  rounds: list(round),
});

export const comparisonSchema = object(
  {
    schema: constant('spillway-comparison/1'),
    command: text,
    startedAt: moment,
    endedAt: moment,
    trialCount: count,
    delayMs: nullable(amount),
    origin: described(text, '`own server`, or the origin of a foreign one.'),
    roundCount: count,
    budgetMs: amount,
    seed: described(count, 'Gives the same order of rounds again.'),
    versions: dictionary(text),
    machine: machineSchema,
    limits: list(object({ name: text, meaning: text, before: limitValue, after: limitValue })),
    reference: text,
    noise: noiseSchema,
    strategies: list(strategySchema),
    scaling: list(scalingSchema),
    order: list(executedSchema),
    warmUp: list(round),
    isInterrupted: flag,
  },
  'Strategies measured side by side on one machine.',
);
