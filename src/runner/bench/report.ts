// The final account of a run as plain data: what was asked, what was answered, what it cost. It judges nothing.

import type { TrialFailure } from '../../model/messages.ts';
import type { Plan } from '../../model/plan.ts';
import type { LatencyReport, TrialsReport, TallyData } from '../../model/record.ts';
import type { Ledger } from './ledger.ts';
import type { Meter } from './meter.ts';

export interface ReportInput {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly meter: Meter;
  readonly failures: readonly TrialFailure[];
  readonly deaths: readonly string[];
}

export function makeReport({ plan, ledger, meter, failures, deaths }: ReportInput): TrialsReport {
  const tally = ledger.tally();
  const wallMs = Math.max(0, tally.lastSettledAtMs - tally.firstDispatchAtMs);
  const settled = tally.ok + tally.failed;
  const skipped = plan.trialCount - settled;
  return {
    plan,
    ended: endedAs(ledger, skipped, tally),
    wallMs,
    answersPerSec: wallMs === 0 ? 0 : (tally.ok * 1e3) / wallMs,
    startUpMs: meter.startUpMs,
    clientCpuUsPerTrial: (meter.cpuUs.user + meter.cpuUs.system) / Math.max(settled, 1),
    clientCpuUs: meter.cpuUs,
    peakRssBytes: meter.peakRssBytes,
    mainUtilizationRatio: meter.mainUtilizationRatio,
    tally,
    skipped,
    latency: latencyOf(ledger, 'latency'),
    wireLatency: latencyOf(ledger, 'wireLatency'),
    connectTime: latencyOf(ledger, 'connectTime'),
    timeline: ledger.timeline(),
    snapshots: meter.snapshots,
    workers: ledger.tallies.map((worker) => {
      const data = worker.toData();
      const loopMs = data.eluActiveMs + data.eluIdleMs;
      return {
        ok: data.ok,
        failed: data.failed,
        connectionsPeak: data.connectionsPeak,
        utilizationRatio: loopMs === 0 ? 0 : data.eluActiveMs / loopMs,
        cpuUserUs: data.cpuUserUs,
        cpuSystemUs: data.cpuSystemUs,
        wallMs: Math.max(0, data.lastSettledAtMs - data.firstDispatchAtMs),
      };
    }),
    failures,
    workerDeaths: deaths,
    network: meter.network,
  };
}

/** Aborted trials are settled too: a run that aborts all its trials in flight skips none, and still is not done. */
function endedAs(ledger: Ledger, skipped: number, { failures }: TallyData): TrialsReport['ended'] {
  if (skipped === 0 && failures.aborted === undefined) return 'done';
  return ledger.order === 'abort' ? 'aborted' : 'drained';
}

function latencyOf(ledger: Ledger, kind: 'latency' | 'wireLatency' | 'connectTime'): LatencyReport {
  const histogram = ledger.histogram(kind);
  return { percentiles: histogram.percentiles(), histogram: histogram.toData() };
}
