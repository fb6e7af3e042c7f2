// A load from its plan to its record: the run, its thresholds, and what bounded it.

import { readLimits } from '../limits/read.ts';
import { readMachine, readVersions } from '../lab/context.ts';
import type { LoadPlan } from '../model/load/load-plan.ts';
import type { LoadRecord, LoadSnapshot } from '../model/load/load-record.ts';
import { LOAD_HISTOGRAMS } from '../model/load/load-task.ts';
import { type RunningLoad, runLoad } from '../runner/load/run-load.ts';
import { findCeiling } from './ceiling.ts';
import { makeFigures } from './load-figures.ts';
import { endedCount, holds, judgeThresholds, type Threshold } from './thresholds.ts';

export interface LoadOptions {
  readonly plan: LoadPlan;
  readonly thresholds: readonly Threshold[];
  /** Ends the load when a threshold fails, after this many requests have ended; null: judges only at the end. */
  readonly abortAfterCount: number | null;
  /** The command line, for the record. */
  readonly command: string;
  readonly onSnapshot?: (snapshot: LoadSnapshot) => void;
  readonly onBegin?: () => void;
}

export interface Load {
  /** The record, also of a load that was drained or aborted. */
  readonly record: Promise<LoadRecord>;
  drain(): void;
  abort(): void;
}

/** Time between two checks of the thresholds while a load runs. */
const LOOK_EVERY_MS = 1_000;

export function startLoad(options: LoadOptions): Load {
  const { plan, thresholds, abortAfterCount } = options;
  let ended: LoadRecord['ended'] = 'done';
  let lookedAtMs = 0;
  const startedAt = new Date().toISOString();
  const run: RunningLoad = runLoad(plan, {
    ...(options.onBegin === undefined ? {} : { onBegin: options.onBegin }),
    onSnapshot: (snapshot) => {
      options.onSnapshot?.(snapshot);
      if (abortAfterCount === null || snapshot.atMs - lookedAtMs < LOOK_EVERY_MS) return;
      lookedAtMs = snapshot.atMs;
      if (endedCount(snapshot.tally) < abortAfterCount) return;
      const figures = makeFigures(run.memory, plan, snapshot.tally, snapshot.atMs);
      if (!thresholds.some((rule) => holds(rule, figures, snapshot.tally) === true)) return;
      ended = 'threshold';
      run.drain();
    },
  });
  const stop = (how: 'drained' | 'aborted') => {
    if (ended === 'done' || how === 'aborted') ended = how;
    if (how === 'drained') run.drain();
    else run.abort();
  };
  return { record: finish(), drain: () => stop('drained'), abort: () => stop('aborted') };

  async function finish(): Promise<LoadRecord> {
    const { wallMs } = await run.done;
    const { memory } = run;
    const tally = memory.tally();
    const figures = makeFigures(memory, plan, tally, wallMs);
    return {
      kind: 'load',
      schema: 1,
      command: options.command,
      startedAt,
      ended,
      asked: describePlan(plan),
      transport: plan.transport,
      protocol: plan.protocol,
      tally,
      figures,
      statuses: memory.statuses(),
      histograms: Object.fromEntries(
        LOAD_HISTOGRAMS.map((name) => [name, memory.histogram(name).toData()] as const).filter(
          ([, { count }]) => count > 0,
        ),
      ),
      answers: memory.answers(),
      errors: memory.errors(),
      heat: memory.heat(),
      ceiling: findCeiling({ plan, tally, figures, lateQuarters: memory.lateQuarters(), wallMs }),
      thresholds: judgeThresholds(thresholds, figures, tally),
      versions: readVersions(),
      machine: readMachine(readLimits()),
    };
  }
}

/** The plan as the record keeps it. */
export function describePlan(plan: LoadPlan): LoadRecord['asked'] {
  const { rate, requests } = plan;
  return {
    model: rate === null ? 'closed' : 'open',
    requests: requests.map(({ name, weight }) => ({ name, weight })),
    stages: rate?.stages ?? [],
    arrivals: rate?.kind ?? null,
    seed: plan.seed,
    requestCount: plan.requestCount,
    durationMs: plan.durationMs,
    warmUpMs: plan.warmUpMs,
    connectionCount: plan.connectionCount,
    depth: plan.depth,
    maxOwed: plan.maxOwed,
    workerCount: plan.workerCount,
    isKeepAlive: plan.isKeepAlive,
  };
}
