// Makes the record of a comparison from its rounds: pairs, medians, verdicts. Pure except for facts about the
// machine.

import { Histogram } from '../measure/histogram.ts';
import {
  estimateMedian,
  judgeDifference,
  LEAST_ROUNDS,
  makeRandom,
  medianOf,
  noiseInterval,
} from '../measure/statistics.ts';
import type {
  Comparison,
  Estimate,
  ExecutedRound,
  Interval,
  NoiseGate,
  ScalingPoint,
  StrategyFigures,
  StrategyResult,
} from '../model/comparison.ts';
import type { LatencyReport, Percentiles, RoundRecord } from '../model/record.ts';
import { readMachine, readVersions } from './context.ts';
import { makeLimitChanges, type SystemState } from './limit-changes.ts';
import { isSameRound, type PreparedStrategy, type PreparedSweep } from './prepared-sweep.ts';

/** One round that ran to its end. */
export interface Sample {
  readonly prepared: PreparedStrategy;
  readonly executed: ExecutedRound;
  readonly record: RoundRecord;
}

export interface ResultInput {
  readonly sweep: PreparedSweep;
  readonly samples: readonly Sample[];
  readonly startedAt: string;
  readonly endedAt: string;
  readonly before: SystemState;
  readonly after: SystemState;
  readonly isInterrupted: boolean;
}

export function makeComparison(input: ResultInput): Comparison {
  const { sweep, samples, startedAt, endedAt, before, after, isInterrupted } = input;
  const { options, limits, reference } = sweep;
  const { base, roundCount, budgetMs, seed } = options;
  const noise = makeNoiseGate(samples, reference, roundCount);
  return {
    schema: 'spillway-comparison/1',
    command: base.command,
    startedAt,
    endedAt,
    trialCount: base.trialCount,
    delayMs: base.server.delayMs,
    origin: base.server.own ? 'own server' : new URL(base.server.origin).origin,
    roundCount,
    budgetMs,
    seed,
    versions: readVersions(),
    machine: readMachine(limits),
    limits: makeLimitChanges(before, after),
    reference: reference.strategy.name,
    noise,
    strategies: sweep.strategies.flatMap((prepared) => makeResult(prepared, input, noise.noise) ?? []),
    scaling: makeScaling(input),
    order: samples.map(({ executed }) => executed),
    warmUp: recordsOf(samples.filter(({ executed }) => executed.role === 'warm-up')),
    isInterrupted,
  };
}

function makeNoiseGate(
  samples: readonly Sample[],
  reference: PreparedStrategy,
  roundCount: number,
): NoiseGate {
  const pairs = referencePairs(samples, reference).map(([firstMs, secondMs]) => ({
    firstMs,
    secondMs,
    ratio: secondMs / firstMs,
  }));
  return {
    strategy: reference.strategy.name,
    pairs,
    noise: noiseInterval(
      pairs.map(({ ratio }) => ratio),
      roundCount,
    ),
  };
}

/** The two runs of the reference in each round; the pair of round 0 ran first. */
function referencePairs(
  samples: readonly Sample[],
  reference: PreparedStrategy,
): [firstMs: number, secondMs: number, round: number][] {
  const pairs: [number, number, number][] = [];
  const byRound = Map.groupBy(
    samples.filter(
      ({ prepared, executed, record }) =>
        prepared === reference && executed.role !== 'warm-up' && isWhole(record),
    ),
    ({ executed }) => executed.round,
  );
  for (const [round, [first, second]] of byRound) {
    if (first !== undefined && second !== undefined)
      pairs.push([first.record.wallMs, second.record.wallMs, round]);
  }
  return pairs;
}

/** True when the proof holds: a round with a broken proof did different work and cannot be compared. */
function isWhole({ proof, wallMs }: RoundRecord): boolean {
  return proof.verdict !== 'broken' && wallMs > 0;
}

function makeResult(
  prepared: PreparedStrategy,
  { sweep, samples }: ResultInput,
  noise: Interval | null,
): StrategyResult | null {
  const { strategy, guard, round, projected } = prepared;
  const own = samples.filter((sample) => sample.prepared === prepared && sample.executed.role === 'round');
  if (own.length === 0) return null;
  const factor = projected?.factor ?? 1;
  return {
    name: strategy.name,
    spec: strategy.spec,
    meaning: strategy.meaning,
    family: round.plan.family,
    plan: round.plan,
    guard,
    rounds: recordsOf(own),
    figures: makeFigures(own, prepared),
    projected,
    ...(prepared === sweep.reference
      ? { ratio: null, verdict: 'reference', reason: 'what the others are measured against' }
      : judge(own, factor, { sweep, samples }, noise)),
  };
}

function judge(
  own: readonly Sample[],
  factor: number,
  { sweep, samples }: Pick<ResultInput, 'sweep' | 'samples'>,
  noise: Interval | null,
): Pick<StrategyResult, 'ratio' | 'verdict' | 'reason'> {
  const pairs = referencePairs(samples, sweep.reference);
  const scale = sweep.reference.projected?.factor ?? 1;
  const ratios = own.flatMap(({ executed, record }) => {
    const pair = pairs.find(([, , round]) => round === executed.round);
    if (pair === undefined || !isWhole(record)) return [];
    return [(record.wallMs * factor) / (Math.sqrt(pair[0] * pair[1]) * scale)];
  });
  if (ratios.length === 0) {
    return {
      ratio: null,
      verdict: 'too few rounds',
      reason: `no round of it and of the reference has a proof that holds; take ${LEAST_ROUNDS} or more`,
    };
  }
  const { timeRatio, interval, verdict, reason } = judgeDifference(
    ratios,
    noise,
    makeRandom(sweep.options.seed),
  );
  const turned = interval === null ? null : { ...interval, low: 1 / interval.high, high: 1 / interval.low };
  return {
    ratio: { timeRatio, interval, speedUp: 1 / timeRatio, speedUpInterval: turned, ratios },
    verdict,
    reason,
  };
}

function makeFigures(samples: readonly Sample[], { projected, floorMs }: PreparedStrategy): StrategyFigures {
  const records = recordsOf(samples);
  const factor = projected?.factor ?? 1;
  const total = (read: (record: RoundRecord) => number) => records.reduce((sum, each) => sum + read(each), 0);
  return {
    wallMs: estimate(records, ({ wallMs }) => wallMs * factor),
    floorMs,
    efficiencyRatio: estimateKnown(records, ({ efficiencyRatio }) => efficiencyRatio),
    answersPerSec: estimate(records, ({ answersPerSec }) => answersPerSec),
    latency: mergePercentiles(records.map(({ latency }) => latency)),
    wireLatency: mergePercentiles(records.map(({ wireLatency }) => wireLatency)),
    connectionsPeak: estimate(records, ({ tally }) => tally.connectionsPeak),
    clientCpuUsPerTrial: estimate(records, ({ clientCpuUsPerTrial }) => clientCpuUsPerTrial),
    serverCpuUsPerTrial: estimateKnown(records, ({ server }) => server?.cpuUsPerTrial ?? null),
    peakRssBytes: estimateMedian(samples.map(({ executed }) => executed.peakRssBytes)),
    clientUtilizationRatio: estimate(records, ({ workers }) =>
      Math.max(0, ...workers.map(({ utilizationRatio }) => utilizationRatio)),
    ),
    serverUtilizationRatio: estimateKnown(records, ({ server }) =>
      server === null ? null : Math.max(0, ...server.utilizationRatios),
    ),
    okCount: total(({ tally }) => tally.ok),
    failedCount: total(({ tally }) => tally.failed),
    repeatCount: total(({ tally }) => tally.repeats),
    brokenProofCount: total(({ proof }) => (proof.verdict === 'broken' ? 1 : 0)),
    boundBy: mostCommon(records.map(({ boundBy }) => boundBy.what)),
  };
}

/** The reference on each number of workers. When a strategy ran the same round, its rounds are used. */
function makeScaling({ sweep, samples }: ResultInput): ScalingPoint[] {
  const points = sweep.scaling.flatMap((point) => {
    const rounds = recordsOf(
      samples.filter(
        ({ prepared, executed }) =>
          (executed.role === 'scaling' || executed.role === 'round') && isSameRound(prepared, point),
      ),
    );
    return rounds.length === 0 ? [] : [{ workerCount: point.round.plan.workerCount, rounds }];
  });
  const factor = sweep.scaling[0]?.projected?.factor ?? 1;
  const oneMs = medianOf(points[0]?.rounds.map(({ wallMs }) => wallMs) ?? [1]);
  return points.map(({ workerCount, rounds }) => ({
    workerCount,
    wallMs: estimate(rounds, ({ wallMs }) => wallMs * factor),
    answersPerSec: estimate(rounds, ({ answersPerSec }) => answersPerSec),
    clientCpuUsPerTrial: estimate(rounds, ({ clientCpuUsPerTrial }) => clientCpuUsPerTrial),
    speedUp: oneMs / medianOf(rounds.map(({ wallMs }) => wallMs)),
    rounds,
  }));
}

function recordsOf(samples: readonly Sample[]): RoundRecord[] {
  return samples.map(({ record }) => record);
}

function estimate(records: readonly RoundRecord[], read: (record: RoundRecord) => number): Estimate {
  return estimateMedian(records.map(read));
}

/** null when no round has the value. */
function estimateKnown(
  records: readonly RoundRecord[],
  read: (record: RoundRecord) => number | null,
): Estimate | null {
  const known = records.map(read).filter((value) => value !== null);
  return known.length === 0 ? null : estimateMedian(known);
}

function mergePercentiles(reports: readonly LatencyReport[]): Percentiles {
  const merged = new Histogram();
  for (const { histogram } of reports) merged.addData(histogram);
  return merged.percentiles();
}

function mostCommon(values: readonly string[]): string {
  const counts = Map.groupBy(values, (value) => value);
  return [...counts].toSorted(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 'unknown';
}
