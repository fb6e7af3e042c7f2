// The results of a load: progress, and the record that is kept. Plain data, as JSON holds it.

import type { FailureCode } from '../errors.ts';
import type { HistogramData, MachineFacts, Percentiles, TimelineData } from '../record.ts';
import type { Check, LoadField, LoadHistogramName, RateStage } from './load-task.ts';

export type LoadTallyData = Readonly<Record<LoadField, number>> & {
  readonly checks: Partial<Record<Check, number>>;
  readonly failures: Partial<Record<FailureCode, number>>;
};

/** How many answers of each band of latency came in each slice of time (`measure/heat-timeline` has the bands). */
export interface HeatData {
  readonly sliceMs: number;
  readonly slices: readonly (readonly [slice: number, band: number, count: number])[];
}

/** Progress of a load. */
export interface LoadSnapshot {
  readonly atMs: number;
  readonly phase: 'warm-up' | 'measured' | 'drain';
  readonly tally: LoadTallyData;
  /** Right answers a second since the previous snapshot. */
  readonly recentPerSec: number;
  /** The rate asked for at this time; null in the closed model. */
  readonly wantedPerSec: number | null;
  /** Of response time since the snapshot a second before; null without answers. */
  /** How many seconds were looked at so far: the recent figures are new when it grows. */
  readonly turn: number;
  readonly recentP50Ms: number | null;
  readonly recentP99Ms: number | null;
}

/** Why a figure is "at least": the client, not the service, had reached its limit. */
export interface CeilingEvidence {
  readonly what: 'CPU of this machine' | 'sending on time' | 'a core for the thread' | 'connections';
  readonly level: 'warning' | 'at-least';
  readonly text: string;
}

export interface LoadFigures {
  /** Right answers a second in the measured time. */
  readonly rightPerSec: number;
  /** Requests sent a second in the measured time. */
  readonly sentPerSec: number;
  /** Errors of all kinds divided by requests that ended: 0 to 1. */
  readonly errorRatio: number;
  readonly measuredMs: number;
  readonly bytesPerSec: number;
  readonly latencies: Readonly<Record<LoadHistogramName, Percentiles>>;
  /** Service time of each request, in the order of the requests. */
  readonly byRequest: readonly { readonly name: string; readonly service: Percentiles }[];
}

export interface LoadRecord {
  readonly kind: 'load';
  readonly schema: 1;
  readonly command: string;
  readonly startedAt: string;
  readonly ended: 'done' | 'drained' | 'aborted' | 'threshold';
  readonly asked: {
    readonly model: 'closed' | 'open';
    readonly requests: readonly { readonly name: string; readonly weight: number }[];
    readonly stages: readonly RateStage[];
    readonly arrivals: string | null;
    readonly seed: number;
    readonly requestCount: number | null;
    readonly durationMs: number | null;
    readonly warmUpMs: number;
    readonly connectionCount: number;
    readonly depth: number;
    readonly maxOwed: number;
    readonly workerCount: number;
    readonly isKeepAlive: boolean;
  };
  readonly transport: string;
  readonly protocol: string;
  readonly tally: LoadTallyData;
  readonly figures: LoadFigures;
  readonly statuses: Readonly<Record<string, number>>;
  readonly histograms: Readonly<Partial<Record<LoadHistogramName, HistogramData>>>;
  readonly answers: TimelineData;
  readonly errors: TimelineData;
  readonly heat: HeatData;
  readonly ceiling: readonly CeilingEvidence[];
  readonly thresholds: readonly {
    readonly rule: string;
    readonly verdict: 'passed' | 'failed';
    /** null when nothing was measured, which fails every rule. */
    readonly found: number | null;
  }[];
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: MachineFacts;
}
