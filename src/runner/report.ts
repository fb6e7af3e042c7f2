// The final account of a run as plain data: what was asked, what came, what it cost. It judges nothing.

import type { HistogramData, Percentiles } from '../measure/histogram.ts';
import type { TallyData } from '../measure/tally.ts';
import type { TimelineData } from '../measure/timeline.ts';
import type { TrialFailure } from '../model/messages.ts';
import type { Plan } from '../model/plan.ts';
import type { Ledger } from './ledger.ts';
import type { Meter } from './meter.ts';
import type { Snapshot } from './progress.ts';

/** What one worker thread did. */
export interface WorkerReport {
  readonly ok: number;
  readonly failed: number;
  readonly connectionsPeak: number;
  /** Share of the time its event loop was busy, 0 … 1. */
  readonly utilizationRatio: number;
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly wallMs: number;
}

export interface LatencyReport {
  readonly percentiles: Percentiles;
  readonly histogram: HistogramData;
}

export interface RunReport {
  readonly plan: Plan;
  /** `done`, or how it was stopped before every trial was settled. */
  readonly ended: 'done' | 'drained' | 'aborted';
  /** First dispatch to last answer, in milliseconds. */
  readonly wallMs: number;
  readonly answersPerSec: number;
  /** Threads and lanes, from the run's making until the first dispatch; the server's start where it was waited for. */
  readonly startUpMs: number;
  /** User and system time of the client process between first dispatch and last answer, over the settled trials. */
  readonly clientCpuUsPerTrial: number;
  readonly clientCpuUs: { readonly user: number; readonly system: number };
  /** The most memory the client process ever held, from its start. */
  readonly peakRssBytes: number;
  readonly mainUtilizationRatio: number;
  readonly tally: TallyData;
  /** Never begun, because the run was stopped: trials = ok + failed + skipped. */
  readonly skipped: number;
  readonly latency: LatencyReport;
  readonly wireLatency: LatencyReport;
  readonly connectTime: LatencyReport;
  readonly timeline: TimelineData;
  readonly snapshots: readonly Snapshot[];
  readonly workers: readonly WorkerReport[];
  /** The first failures, named; `tally.failures` counts them all. */
  readonly failures: readonly TrialFailure[];
  /** Why threads died that were replaced; their unsettled trials were run again. */
  readonly workerDeaths: readonly string[];
  readonly network: Meter['network'];
}

export interface ReportInput {
  readonly plan: Plan;
  readonly ledger: Ledger;
  readonly meter: Meter;
  readonly failures: readonly TrialFailure[];
  readonly deaths: readonly string[];
}

export function makeReport({ plan, ledger, meter, failures, deaths }: ReportInput): RunReport {
  const tally = ledger.tally();
  const wallMs = Math.max(0, tally.lastSettledAtMs - tally.firstDispatchAtMs);
  const settled = tally.ok + tally.failed;
  const skipped = plan.trialCount - settled;
  return {
    plan,
    ended: skipped === 0 ? 'done' : ledger.order === 'abort' ? 'aborted' : 'drained',
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

function latencyOf(ledger: Ledger, kind: 'latency' | 'wireLatency' | 'connectTime'): LatencyReport {
  const histogram = ledger.histogram(kind);
  return { percentiles: histogram.percentiles(), histogram: histogram.toData() };
}
