// The fields of a record that `spillway compare` reads, and no others: older records lack fields that it does
// not need.

import {
  type Admitted,
  amount,
  constant,
  dictionary,
  flag,
  list,
  nullable,
  number,
  object,
  oneOf,
  pair,
  type Part,
  text,
} from './schema-parts.ts';

const conditionParts = {
  startedAt: text,
  origin: text,
  versions: dictionary(text),
  machine: object({ cpuModel: text, usableCores: amount, kernel: text }),
};

const histogramPart = object({
  unit: constant('us'),
  count: amount,
  minUs: amount,
  maxUs: amount,
  sumUs: amount,
  buckets: list(pair(amount, amount)),
});

export const comparedRound = object({
  schema: constant('spillway-round/1'),
  ...conditionParts,
  strategy: text,
  plan: object({ trialCount: amount, delayMs: nullable(amount) }),
  ended: oneOf(['done', 'drained', 'aborted']),
  proof: object({ verdict: oneOf(['whole', 'client-only', 'partial', 'broken']) }),
  wallMs: amount,
  answersPerSec: amount,
  efficiencyRatio: nullable(number),
  clientCpuUsPerTrial: amount,
  peakRssBytes: amount,
  server: nullable(object({ cpuUsPerTrial: nullable(amount) })),
  tally: object({ connectionsPeak: amount, failed: amount, repeats: amount }),
  latency: object({ histogram: histogramPart }),
});

/** Absent in older records. */
const laterFlag: Part<boolean> = { json: { ...flag.json, default: false } };

export const comparedComparison = object({
  schema: constant('spillway-comparison/1'),
  ...conditionParts,
  trialCount: amount,
  delayMs: nullable(amount),
  isInterrupted: laterFlag,
  noise: object({ pairs: list(object({ ratio: amount })) }),
  strategies: list(
    object({
      name: text,
      rounds: some(comparedRound),
      projected: nullable(object({ factor: amount })),
    }),
  ),
});

export type ComparedRound = Admitted<typeof comparedRound>;
export type ComparedComparison = Admitted<typeof comparedComparison>;

/** A list with at least one item. */
function some<T>(items: Part<T>): Part<readonly T[]> {
  return { json: { ...list(items).json, minItems: 1 } };
}
