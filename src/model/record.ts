// The record of a run: plain data, the JSON that terminal, Markdown and HTML output are made from and that
// later versions can still read. Times are in milliseconds, memory in bytes, shares of a whole between 0 and 1.

import type { FailureCode } from './errors.ts';
import type { Finding } from './finding.ts';
import type { TrialFailure } from './messages.ts';
import type { Plan } from './plan.ts';

/** Only the used buckets of a latency histogram: pairs of (lower bound in us, count). */
export interface HistogramData {
  readonly unit: 'us';
  readonly count: number;
  readonly minUs: number;
  readonly maxUs: number;
  readonly sumUs: number;
  readonly buckets: readonly (readonly [lowerUs: number, count: number])[];
}

/** The usual percentiles. p99.9 is null below 1,000 samples, as it would be a guess. */
export interface Percentiles {
  readonly count: number;
  readonly minMs: number | null;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p90Ms: number | null;
  readonly p99Ms: number | null;
  readonly p999Ms: number | null;
  readonly maxMs: number | null;
}

export interface LatencyReport {
  readonly percentiles: Percentiles;
  readonly histogram: HistogramData;
}

/** Counts of answers in buckets of equal width since the start. */
export interface TimelineData {
  readonly bucketMs: number;
  readonly counts: readonly number[];
}

/** The counters of a worker, in the order they stand in shared memory. */
export const TALLY_FIELDS = [
  'ok',
  'failed',
  /** Attempts whose request was handed to a connected socket: what the server should have seen. */
  'attemptsSent',
  /** Attempts beyond the first of a target, for any reason. */
  'repeats',
  /** Repeats caused by a lost connection, not by the target. */
  'requeued',
  /** Targets fetched again through undici because the wire transport does not take their framing. */
  'handedOver',
  /** Answers for which no request was open; each cost its connection. */
  'surplusAnswers',
  'bytesReceived',
  'connectionsOpened',
  'connectionsClosed',
  'connectionsPeak',
  /** Completed TLS handshakes, and how many of them resumed a session. */
  'handshakes',
  'handshakesResumed',
  'inFlight',
  'inFlightPeak',
  /** How often the in-flight cap was lowered because this machine ran out of something. */
  'shrinks',
  /** Of these, those for lack of open files, and of local ports; the rest are for lack of kernel buffers. */
  'shrinksByFiles',
  'shrinksByPorts',
  /** No trial with this number or a higher one was begun. */
  'begunUpTo',
  'firstDispatchAtMs',
  'lastSettledAtMs',
  'valueSum',
  'squareSumLow',
  'squareSumHigh',
  'eluActiveMs',
  'eluIdleMs',
  'cpuUserUs',
  'cpuSystemUs',
] as const;

export type TallyField = (typeof TALLY_FIELDS)[number];

/** The counters summed over workers (peaks are sums of peaks; times are the first and the last). */
export type TallyData = Readonly<Record<TallyField, number>> & {
  readonly failures: Readonly<Partial<Record<FailureCode, number>>>;
};

/** Progress at one moment. */
export interface Snapshot {
  /** Time since the first dispatch was allowed. */
  readonly atMs: number;
  readonly total: number;
  readonly ok: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly connections: number;
  /** Settled a second since the previous snapshot. */
  readonly perSec: number;
  /** At the rate of the whole run so far; null before the first answer. */
  readonly etaMs: number | null;
  /**
   * Share of the time since the previous snapshot that the busiest worker's event loop was busy; null at the
   * start.
   */
  readonly utilizationRatio: number | null;
  /**
   * For each worker, since the first dispatch was allowed: how long its event loop was busy and how long it
   * waited, as the worker last noted them. The figures of a worker that is too busy to note do not change;
   * the next note covers that time.
   */
  readonly workerLoopsMs: readonly (readonly [activeMs: number, idleMs: number])[];
  /** The same for each replica of our own server; empty when the server is not ours. */
  readonly replicaLoopsMs: readonly (readonly [activeMs: number, idleMs: number])[];
}

/** What one worker thread did. */
export interface WorkerReport {
  readonly ok: number;
  readonly failed: number;
  readonly connectionsPeak: number;
  /** Share of the time its event loop was busy. */
  readonly utilizationRatio: number;
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly wallMs: number;
}

/** The increase from start to end, by the names of limits/counters; null when unknown. */
export type NetworkChange = Readonly<Record<string, number | null>>;

/** The account of a run as the runner gives it, without any judgement. */
export interface TrialsReport {
  readonly plan: Plan;
  /** `done`, or how it was stopped before every trial was settled. */
  readonly ended: 'done' | 'drained' | 'aborted';
  /** From first dispatch to last answer. */
  readonly wallMs: number;
  readonly answersPerSec: number;
  /**
   * From the creation of the run to the first dispatch: threads, lanes, and the server when the run waited for it.
   */
  readonly startUpMs: number;
  /** User and system time of the client process between first dispatch and last answer, over the settled trials. */
  readonly clientCpuUsPerTrial: number;
  readonly clientCpuUs: { readonly user: number; readonly system: number };
  /** The most memory that the client process has held since it started. */
  readonly peakRssBytes: number;
  readonly mainUtilizationRatio: number;
  readonly tally: TallyData;
  /** Trials that were not begun because the run was stopped: trials = ok + failed + skipped. */
  readonly skipped: number;
  /** From the first dispatch, so it includes the wait for a connection and lost attempts. */
  readonly latency: LatencyReport;
  /** From the request handed to a connected socket, of the attempt that was answered. */
  readonly wireLatency: LatencyReport;
  readonly connectTime: LatencyReport;
  readonly timeline: TimelineData;
  readonly snapshots: readonly Snapshot[];
  readonly workers: readonly WorkerReport[];
  /** The first failures, named; `tally.failures` counts them all. */
  readonly failures: readonly TrialFailure[];
  /** Why threads died that were replaced; their unsettled trials ran again. */
  readonly workerDeaths: readonly string[];
  readonly network: NetworkChange | null;
}

/** What the mock server's replicas report after a round. */
export interface ServerReport {
  readonly replicaCount: number;
  readonly lean: boolean;
  readonly received: number;
  readonly answered: number;
  readonly distinct: number;
  readonly duplicates: number;
  readonly peakInFlight: number;
  readonly cpuUs: { readonly user: number; readonly system: number };
  /** null when it answered nothing. */
  readonly cpuUsPerTrial: number | null;
  readonly rssBytes: number;
  readonly utilizationRatios: readonly number[];
  readonly replacedReplicas: number;
  readonly startUpMs: number;
}

/**
 * Client bitmap = server bitmap = plan, with sum and sum of squares. `whole`: all of it holds. `client-only`:
 * the client's half holds and there is no server to ask. `partial`: the run was stopped, and what was settled
 * until then holds. `broken`: something is missing, doubled or wrong, and is named.
 */
export interface Proof {
  readonly verdict: 'whole' | 'client-only' | 'partial' | 'broken';
  readonly planned: number;
  readonly answeredOnce: number;
  /** Seen exactly once by the server; null without its half. */
  readonly seenOnce: number | null;
  /** Seen more than once, each one among the repeated attempts. */
  readonly seenAgainByRepeat: number | null;
  readonly sum: string;
  readonly expectedSum: string;
  readonly sumOfSquares: string;
  readonly expectedSumOfSquares: string;
  /** What is not as it should be, each with its first trials. */
  readonly problems: readonly string[];
}

/** What kept the run from being faster, with the evidence. */
export interface BoundBy {
  readonly what:
    | 'server delay'
    | 'client CPU'
    | 'server CPU'
    | 'accept queue'
    | 'ports'
    | 'files'
    | 'memory'
    | 'unknown';
  readonly evidence: readonly string[];
  /** True when the client itself was saturated, so that the time measures it as much as the server. */
  readonly isSaturated: boolean;
}

export interface MachineFacts {
  readonly cpuModel: string;
  readonly coreCount: number;
  readonly usableCores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly kernel: string;
  readonly loadAverage: readonly number[];
}

/** One measured execution of a strategy, with everything that is known about it. */
export interface RoundRecord extends TrialsReport {
  readonly schema: 'spillway-round/1';
  readonly strategy: string;
  readonly startedAt: string;
  readonly command: string;
  /** Where the trials were asked for, or `own server`. */
  readonly origin: string;
  readonly server: ServerReport | null;
  readonly proof: Proof;
  readonly boundBy: BoundBy;
  /** Connections that were open only after a second or more, because a handshake was lost and sent again. */
  readonly slowConnects: number;
  readonly findings: readonly Finding[];
  /** `floorMs / wallMs`; null when the delay is zero or not known, and for a run that was stopped. */
  readonly efficiencyRatio: number | null;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: MachineFacts;
}

/** What tinybench says of a strategy whose one iteration is a whole wave of trials. */
export interface WaveFigures {
  readonly name: string;
  readonly trialCount: number;
  /** Waves, each a round of its own. */
  readonly waveCount: number;
  readonly isProjected: boolean;
  /**
   * Times of waves, as tinybench gives them; the margin is half a 95 % interval of the mean, null below 2 waves.
   */
  readonly meanMs: number;
  readonly marginRatio: number | null;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Counts trials, not waves. */
  readonly trialsPerSec: number;
  /** Latencies of single answers: a few waves have no percentiles. */
  readonly answers: Percentiles;
}
