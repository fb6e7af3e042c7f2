// Runs trials through the engine against any server on this machine, with a plan that says only what a test means.

import assert from 'node:assert/strict';
import type { AttemptLimits } from '../../src/model/messages.ts';
import type { Family, Plan, Transport } from '../../src/model/plan.ts';
import type { TrialsReport } from '../../src/model/record.ts';
import { type Trials, type TrialsOptions, startTrials } from '../../src/runner/bench/trials.ts';

export interface TrialSetting extends Partial<Omit<TrialsOptions, 'plan' | 'origins' | 'limits'>> {
  readonly trials: number;
  readonly transport?: Transport;
  readonly family?: Family;
  readonly workers?: number;
  readonly connections?: number;
  readonly pipelining?: number;
  readonly maxInFlight?: number;
  readonly maxConnecting?: number;
  readonly limits?: Partial<AttemptLimits>;
}

const LIMITS: AttemptLimits = {
  connectMs: 5_000,
  firstByteMs: 20_000,
  idleMs: 20_000,
  totalMs: 20_000,
  maxRetries: 4,
  maxHeaderBytes: 16_384,
  maxBodyBytes: 1_024,
};

export function planOf(setting: TrialSetting): Plan {
  const { trials, workers = 1, pipelining = 1, connections = Math.min(trials, 10) } = setting;
  const maxInFlight = setting.maxInFlight ?? Math.min(trials, connections * pipelining);
  return {
    strategy: 'test',
    family: setting.family ?? (pipelining > 1 ? 'pipelined' : 'one-per-connection'),
    transport: setting.transport ?? 'undici',
    trialCount: trials,
    processCount: 1,
    workerCount: workers,
    laneCount: workers,
    connectionCount: connections,
    pipelining,
    maxInFlight,
    waveCount: Math.ceil(trials / maxInFlight),
    destinationCount: 1,
    maxConnecting: setting.maxConnecting ?? connections,
    delayMs: null,
    floorMs: null,
    predictedMs: null,
    reasons: [],
  };
}

/** In this thread, unless the setting says otherwise. */
export function beginTrials(origin: string | readonly string[], setting: TrialSetting): Trials {
  const { limits, ...rest } = setting;
  return startTrials({
    isInProcess: setting.workerEntry === undefined && (setting.workers ?? 1) === 1,
    userAgent: 'spillway-test',
    ...rest,
    plan: planOf(setting),
    origins: typeof origin === 'string' ? [origin] : origin,
    limits: { ...LIMITS, ...limits },
  });
}

/** A run to its end. Whatever it was, its account must add up, with the bits as with the counters. */
export async function runTrials(
  origin: string | readonly string[],
  setting: TrialSetting,
): Promise<TrialsReport> {
  const run = beginTrials(origin, setting);
  const report = await run.report;
  assertAddsUp(run, report);
  return report;
}

/** trials = ok + failed + skipped, each trial settled one way only, and every failure under its code. */
export function assertAddsUp({ ledger }: Trials, report: TrialsReport): void {
  const { tally, skipped, plan, latency } = report;
  assert.equal(tally.ok + tally.failed + skipped, plan.trialCount);
  assert.ok(skipped >= 0, `expected no fewer than 0 skipped, got ${skipped}`);
  assert.equal(ledger.settledOk.count, tally.ok);
  assert.equal(ledger.settledFailed.count, tally.failed);
  assert.deepEqual(
    ledger.settledOk.differences(ledger.settledFailed, (ok, failed) => ok && failed, 1),
    [],
  );
  const byCode = Object.values(tally.failures).reduce((sum, count) => sum + count, 0);
  assert.equal(byCode, tally.failed);
  if (report.workerDeaths.length === 0) assert.equal(latency.percentiles.count, tally.ok);
  assert.equal(
    report.workers.reduce((sum, worker) => sum + worker.ok + worker.failed, 0),
    tally.ok + tally.failed,
  );
  const first = plan.trialCount * (plan.trialCount - 1);
  if (tally.ok === plan.trialCount) assert.equal(tally.valueSum, first / 2);
}
