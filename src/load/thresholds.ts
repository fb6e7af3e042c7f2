// Rules that a load must keep, such as `p99Ms > 300; errorRatio > 0.01`: each says when it fails. Pure.

import { SpillwayError } from '../model/errors.ts';
import type { LoadFigures, LoadTallyData } from '../model/load/load-record.ts';

/** The figures that a rule may name; times are response times, from when a request was due. */
export const LOAD_METRICS = {
  p50Ms: ({ latencies }) => latencies.response.p50Ms,
  p90Ms: ({ latencies }) => latencies.response.p90Ms,
  p99Ms: ({ latencies }) => latencies.response.p99Ms,
  p999Ms: ({ latencies }) => latencies.response.p999Ms,
  maxMs: ({ latencies }) => latencies.response.maxMs,
  meanMs: ({ latencies }) => latencies.response.meanMs,
  serviceP50Ms: ({ latencies }) => latencies.service.p50Ms,
  serviceP99Ms: ({ latencies }) => latencies.service.p99Ms,
  connectP99Ms: ({ latencies }) => latencies.connect.p99Ms,
  firstByteP99Ms: ({ latencies }) => latencies.firstByte.p99Ms,
  lateP99Ms: ({ latencies }) => latencies.late.p99Ms,
  errorRatio: (figures, tally) => (endedCount(tally) === 0 ? null : figures.errorRatio),
  rightPerSec: ({ rightPerSec }) => rightPerSec,
  sentPerSec: ({ sentPerSec }) => sentPerSec,
  rightCount: (_, tally) => tally.right,
  errorCount: (_, tally) => errorCount(tally),
  unsentCount: (_, tally) => tally.unsent,
  lateRatio: (_, tally) => (tally.sent === 0 ? null : tally.late / tally.sent),
} as const satisfies Readonly<Record<string, (figures: LoadFigures, tally: LoadTallyData) => number | null>>;
export type LoadMetric = keyof typeof LOAD_METRICS;

/** The comparisons that a rule may use. */
export const SIGNS = {
  '>': (value: number, bound: number) => value > bound,
  '<': (value: number, bound: number) => value < bound,
  '>=': (value: number, bound: number) => value >= bound,
  '<=': (value: number, bound: number) => value <= bound,
} as const;
type Sign = keyof typeof SIGNS;

export interface Threshold {
  readonly text: string;
  readonly metric: LoadMetric;
  readonly sign: Sign;
  readonly bound: number;
}

export interface ThresholdResult {
  readonly rule: string;
  readonly verdict: 'passed' | 'failed';
  /** The figure; null where nothing was measured, which fails every rule. */
  readonly found: number | null;
}

const PATTERN = /^(\w+)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)$/u;

/**
 * One rule or several with `;` between.
 * @param what the option that is being read, for the message
 * @throws SpillwayError `ERR_OPTION`
 */
export function parseThresholds(text: string, what: string): Threshold[] {
  return text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseThreshold(part, what));
}

function parseThreshold(text: string, what: string): Threshold {
  const [, metric = '', sign = '', bound] = PATTERN.exec(text) ?? [];
  if (bound === undefined)
    throw new SpillwayError(
      'ERR_OPTION',
      `${what}: expected a rule such as 'p99Ms > 300' or 'errorRatio > 0.01', found ${JSON.stringify(text)}`,
    );
  if (!Object.hasOwn(LOAD_METRICS, metric))
    throw new SpillwayError(
      'ERR_OPTION',
      `${what}: expected a figure among ${Object.keys(LOAD_METRICS).join(', ')}, found ${JSON.stringify(metric)}`,
    );
  return { text, metric: metric as LoadMetric, sign: sign as Sign, bound: Number(bound) };
}

/** Whether the rule's condition is true of the figures; null where nothing was measured. */
export function holds({ metric, sign, bound }: Threshold, figures: LoadFigures, tally: LoadTallyData) {
  const found = LOAD_METRICS[metric](figures, tally);
  return found === null ? null : SIGNS[sign](found, bound);
}

/** Judges rules that say when a load fails. A rule without samples counts as failed, since it shows nothing. */
export function judgeThresholds(
  rules: readonly Threshold[],
  figures: LoadFigures,
  tally: LoadTallyData,
): ThresholdResult[] {
  return rules.map((rule) => ({
    rule: rule.text,
    verdict: holds(rule, figures, tally) === false ? 'passed' : 'failed',
    found: LOAD_METRICS[rule.metric](figures, tally),
  }));
}

export function errorCount({ wrong, failed, unanswered }: LoadTallyData): number {
  return wrong + failed + unanswered;
}

/** Requests that ended, and those still open after the drain. */
export function endedCount(tally: LoadTallyData): number {
  return tally.right + errorCount(tally);
}
