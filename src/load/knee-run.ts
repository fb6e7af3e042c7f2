// The search for a knee with real loads: each step is a load of its own at one rate, judged second by second.

import { medianOf } from '../measure/statistics.ts';
import type { KneeRecord, KneeStep } from '../model/load/knee-record.ts';
import type { LoadPlan } from '../model/load/load-plan.ts';
import type { LoadRecord } from '../model/load/load-record.ts';
import { findKnee, type KneeOptions } from './find-knee.ts';
import { type Load, startLoad } from './start-load.ts';
import { LOAD_METRICS, SIGNS, type Threshold } from './thresholds.ts';

/** More errors than this break any rule: quick refusals would keep percentiles low. */
const MAX_ERROR_RATIO = 0.01;
/** A step breaks when less than this share of its requests was sent: the service did not take the rate. */
const LEAST_SENT_RATIO = 0.95;
const WARM_UP_MS = 1_000;

export interface KneeRunOptions extends Omit<KneeOptions, 'isStopped'> {
  /** Gives connections, checks and so on; the search sets its rate and times. */
  readonly plan: LoadPlan;
  /** True while the service is well, such as `p99Ms < 200`. */
  readonly rule: Threshold;
  readonly command: string;
}

export interface KneeRun {
  readonly record: Promise<KneeRecord>;
  /** Ends the current step and the search. */
  drain(): void;
  abort(): void;
}

export function startKneeRun(options: KneeRunOptions): KneeRun {
  const { rule } = options;
  let isStopped = false;
  let load: Load | undefined;
  const measure = async (perSec: number, seconds: number): Promise<KneeStep> => {
    const bySecond: number[] = [];
    let turn = 0;
    load = startLoad({
      plan: stepPlan(options.plan, perSec, seconds),
      thresholds: [],
      abortAfterCount: null,
      command: options.command,
      onSnapshot: (snapshot) => {
        if (snapshot.turn === turn || snapshot.phase !== 'measured') return;
        turn = snapshot.turn;
        const value = rule.metric === 'p50Ms' ? snapshot.recentP50Ms : snapshot.recentP99Ms;
        if (value !== null) bySecond.push(value);
      },
    });
    const record = await load.record;
    const isBySecond = rule.metric === 'p50Ms' || rule.metric === 'p99Ms';
    const found =
      isBySecond && bySecond.length > 0
        ? medianOf(bySecond)
        : LOAD_METRICS[rule.metric](record.figures, record.tally);
    return makeStep(record, perSec, seconds, { rule, found });
  };
  const search = findKnee(measure, { ...options, isStopped: () => isStopped });
  const stop = (how: 'drain' | 'abort') => {
    isStopped = true;
    load?.[how]();
  };
  return {
    record: search.then((found) => ({ rule: rule.text, ...found })),
    drain: () => stop('drain'),
    abort: () => stop('abort'),
  };
}

function stepPlan(plan: LoadPlan, perSec: number, seconds: number): LoadPlan {
  const durationMs = seconds * 1e3;
  return {
    ...plan,
    rate: { stages: [{ fromPerSec: perSec, toPerSec: perSec, durationMs }], kind: plan.rate?.kind ?? 'even' },
    requestCount: null,
    durationMs,
    warmUpMs: WARM_UP_MS,
  };
}

function makeStep(
  { figures, tally, ceiling }: LoadRecord,
  perSec: number,
  seconds: number,
  { rule, found }: { readonly rule: Threshold; readonly found: number | null },
): KneeStep {
  const { p50Ms, p99Ms, maxMs } = figures.latencies.response;
  const isWell =
    found !== null &&
    SIGNS[rule.sign](found, rule.bound) &&
    figures.errorRatio <= MAX_ERROR_RATIO &&
    tally.sent >= LEAST_SENT_RATIO * tally.asked;
  const isSaturated = !isWell && ceiling.some(({ level }) => level === 'at-least');
  return {
    perSec,
    seconds,
    verdict: isWell ? 'held' : isSaturated ? 'saturated' : 'broke',
    found,
    rightPerSec: figures.rightPerSec,
    errorRatio: figures.errorRatio,
    p50Ms,
    p99Ms,
    maxMs,
  };
}
