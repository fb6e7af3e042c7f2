// Whether a figure is the limit of the service or of the client. Thresholds were measured: lateness that grows from
// quarter to quarter, a busy event loop and waits for a core show a client at its limit; the achieved rate does
// not. Pure.

import { Histogram } from '../measure/histogram.ts';
import type { LoadPlan } from '../model/load/load-plan.ts';
import type { CeilingEvidence, LoadFigures, LoadTallyData } from '../model/load/load-record.ts';

/** Median lateness may differ by this much from one quarter of a healthy run to the next. */
const LATE_GROWTH_MS = 1;
const LATE_P99_MS = 1;
const LATE_SHARE_RATIO = 0.1;
/** Busy share of a thread's time. In the open model a thread needs free time to send requests when they are due. */
const OPEN_BUSY = { warning: 0.6, atLeast: 0.7 } as const;
/** In the closed model a thread may be busy most of the time: it is the limit only near 100 %. */
const CLOSED_BUSY = { warning: 0.8, atLeast: 0.95 } as const;
/** Milliseconds of each second that a thread waits for a core. */
const RUN_DELAY_MS = { warning: 50, atLeast: 200 } as const;
const NONE_FREE_RATIO = 0.01;

export interface CeilingInput {
  readonly plan: Pick<LoadPlan, 'rate' | 'workerCount'>;
  readonly tally: LoadTallyData;
  readonly figures: LoadFigures;
  /** Lateness by quarter of the run, of requests that found a connection free. */
  readonly lateQuarters: readonly Histogram[];
  readonly wallMs: number;
}

export function findCeiling(input: CeilingInput): CeilingEvidence[] {
  const evidence = [busyLoop(input), runDelay(input)];
  if (input.plan.rate !== null) evidence.push(lateness(input), fewConnections(input));
  return evidence.filter((found) => found !== null);
}

function busyLoop({ plan, tally }: CeilingInput): CeilingEvidence | null {
  const wholeMs = tally.eluActiveMs + tally.eluIdleMs;
  const ratio = wholeMs === 0 ? 0 : tally.eluActiveMs / wholeMs;
  const bounds = plan.rate === null ? CLOSED_BUSY : OPEN_BUSY;
  const level = levelOf(ratio, bounds);
  if (level === null) return null;
  const percent = Math.round(ratio * 100);
  return {
    what: 'CPU of this machine',
    level,
    text: `the client's threads were busy for ${percent} % of the time; more cores or a second machine would tell more`,
  };
}

function runDelay({ plan, tally, wallMs }: CeilingInput): CeilingEvidence | null {
  const msPerSec = tally.runDelayMs / plan.workerCount / Math.max(wallMs / 1e3, 1e-3);
  const level = levelOf(msPerSec, RUN_DELAY_MS);
  if (level === null) return null;
  return {
    what: 'a core for the thread',
    level,
    text: `the client's threads waited ${Math.round(msPerSec)} ms of each second for a core; something else uses this machine`,
  };
}

function lateness({ figures, lateQuarters }: CeilingInput): CeilingEvidence | null {
  const medians = lateQuarters.map((quarter) => quarter.percentileMs(0.5) ?? 0);
  const growthMs = ((medians.at(-1) ?? 0) - (medians[0] ?? 0)) / Math.max(1, medians.length - 1);
  const whole = new Histogram();
  for (const quarter of lateQuarters) whole.merge(quarter);
  const lateMs = whole.percentileMs(0.99) ?? 0;
  if (growthMs > LATE_GROWTH_MS)
    return {
      what: 'sending on time',
      level: 'at-least',
      text: `requests went out later and later: half of them ${medians.map((ms) => ms.toFixed(2)).join(', ')} ms late by quarter of the time`,
    };
  if (lateMs <= Math.max(LATE_P99_MS, LATE_SHARE_RATIO * (figures.latencies.response.p99Ms ?? 0)))
    return null;
  return {
    what: 'sending on time',
    level: 'warning',
    text: `one request in a hundred went out ${lateMs.toFixed(1)} ms or more after it was due`,
  };
}

function fewConnections({ tally }: CeilingInput): CeilingEvidence | null {
  const ratio = tally.asked === 0 ? 0 : tally.noneFree / tally.asked;
  if (ratio <= NONE_FREE_RATIO) return null;
  return {
    what: 'connections',
    level: 'warning',
    text: `${Math.round(ratio * 100)} % of the requests found no connection free and waited, which is in the response time and not in the service time; more --connections would tell the two apart`,
  };
}

function levelOf(
  value: number,
  bounds: { readonly warning: number; readonly atLeast: number },
): CeilingEvidence['level'] | null {
  return value > bounds.atLeast ? 'at-least' : value > bounds.warning ? 'warning' : null;
}
