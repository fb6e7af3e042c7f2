// Computes the figures of a load from the counts of its workers.

import type { LoadPlan } from '../model/load/load-plan.ts';
import type { LoadFigures, LoadTallyData } from '../model/load/load-record.ts';
import { LOAD_HISTOGRAMS, type LoadHistogramName } from '../model/load/load-task.ts';
import type { Percentiles } from '../model/record.ts';
import type { LoadMemory } from '../runner/load/load-memory.ts';
import { endedCount, errorCount } from './thresholds.ts';

/** @param wallMs from the start to now, or to the end */
export function makeFigures(
  memory: LoadMemory,
  plan: LoadPlan,
  tally: LoadTallyData,
  wallMs: number,
): LoadFigures {
  const measuredMs = measuredTime(plan, tally, wallMs);
  const seconds = Math.max(measuredMs / 1e3, 1e-3);
  const latencies = Object.fromEntries(
    LOAD_HISTOGRAMS.map((name) => [name, memory.histogram(name).percentiles()]),
  ) as Record<LoadHistogramName, Percentiles>;
  const ended = endedCount(tally);
  return {
    rightPerSec: tally.right / seconds,
    sentPerSec: tally.sent / seconds,
    errorRatio: ended === 0 ? 0 : errorCount(tally) / ended,
    measuredMs,
    bytesPerSec: tally.bytesReceived / seconds,
    latencies,
    byRequest:
      plan.requests.length === 1
        ? []
        : plan.requests.map(({ name }, index) => ({ name, service: memory.byRequest(index).percentiles() })),
  };
}

/** The duration that was asked for; for a number of requests the time from the first sent to the last answered. */
function measuredTime({ durationMs, warmUpMs }: LoadPlan, tally: LoadTallyData, wallMs: number): number {
  if (durationMs === null) return Math.max(0, tally.lastAnsweredAtMs - tally.firstSentAtMs);
  return Math.max(0, Math.min(durationMs, wallMs - warmUpMs));
}
