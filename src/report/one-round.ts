// A single round as a comparison with one strategy, so that every report has one shape. Nothing is judged:
// one round has no interval, no ratio and nothing to be compared with.

import type { Comparison, Estimate, StrategyFigures } from '../model/comparison.ts';
import type { RoundRecord, ServerReport } from '../model/record.ts';

/** The comparison whose only strategy ran its only round: `record`. */
export function comparisonOfRound(record: RoundRecord): Comparison {
  const { plan, strategy } = record;
  const endedAt = new Date(Date.parse(record.startedAt) + record.startUpMs + record.wallMs).toISOString();
  return {
    schema: 'spillway-comparison/1',
    command: record.command,
    startedAt: record.startedAt,
    endedAt,
    trialCount: plan.trialCount,
    delayMs: plan.delayMs,
    origin: record.origin,
    roundCount: 1,
    budgetMs: record.wallMs,
    seed: 0,
    versions: record.versions,
    machine: record.machine,
    limits: [],
    reference: strategy,
    noise: { strategy, pairs: [], noise: null },
    strategies: [
      {
        name: strategy,
        spec: strategy,
        meaning: `${plan.family} by ${plan.transport}`,
        family: plan.family,
        plan,
        guard: null,
        rounds: [record],
        figures: figuresOf(record),
        ratio: null,
        verdict: 'reference',
        reason: 'a single round has nothing to be compared with',
        projected: null,
      },
    ],
    scaling: [],
    order: [
      {
        strategy,
        role: 'round',
        round: 1,
        startedAt: record.startedAt,
        wallMs: record.wallMs,
        pausedMs: 0,
        timeWaitCount: null,
        isQuiet: true,
        peakRssBytes: record.peakRssBytes,
      },
    ],
    warmUp: [],
    isInterrupted: record.ended !== 'done',
  };
}

function figuresOf(record: RoundRecord): StrategyFigures {
  const { plan, server, tally } = record;
  return {
    wallMs: single(record.wallMs),
    floorMs: plan.floorMs,
    efficiencyRatio: record.efficiencyRatio === null ? null : single(record.efficiencyRatio),
    answersPerSec: single(record.answersPerSec),
    latency: record.latency.percentiles,
    wireLatency: record.wireLatency.percentiles,
    connectionsPeak: single(tally.connectionsPeak),
    clientCpuUsPerTrial: single(record.clientCpuUsPerTrial),
    serverCpuUsPerTrial: serverCpuOf(server),
    peakRssBytes: single(record.peakRssBytes),
    clientUtilizationRatio: single(Math.max(0, ...record.workers.map((worker) => worker.utilizationRatio))),
    serverUtilizationRatio: server === null ? null : single(Math.max(0, ...server.utilizationRatios)),
    okCount: tally.ok,
    failedCount: tally.failed,
    repeatCount: tally.repeats,
    brokenProofCount: record.proof.verdict === 'broken' ? 1 : 0,
    boundBy: record.boundBy.what,
  };
}

function serverCpuOf(server: ServerReport | null): Estimate | null {
  const cpuUs = server?.cpuUsPerTrial ?? null;
  return cpuUs === null ? null : single(cpuUs);
}

function single(value: number): Estimate {
  return { median: value, interval: null, sampleCount: 1 };
}
