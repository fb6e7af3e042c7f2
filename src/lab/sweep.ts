// Runs a comparison from plans to record: warm-up, the reference against itself, then every strategy once a
// round in random order, each with its own server and pool and a pause before it. One round runs at a time.

import { readNetCounters } from '../limits/counters.ts';
import { readResidentBytes } from '../limits/fact-reader.ts';
import { readLimits } from '../limits/read.ts';
import { makeRandom, shuffle } from '../measure/statistics.ts';
import type { Comparison, ExecutedRound } from '../model/comparison.ts';
import type { RoundRecord } from '../model/record.ts';
import { makeComparison, type Sample } from './comparison-result.ts';
import { isSameRound, type PreparedStrategy, type PreparedSweep } from './prepared-sweep.ts';
import { waitUntilQuiet } from './quiet.ts';
import { type Round, type RoundHooks, startRound } from './trial-round.ts';

export interface SweepHooks extends RoundHooks {
  /** Called when a round begins; `done` of `total` are over. */
  readonly onRoundStart?: (next: {
    readonly label: string;
    readonly done: number;
    readonly total: number;
  }) => void;
  readonly onRoundEnd?: (executed: ExecutedRound, record: RoundRecord) => void;
}

export interface Sweep {
  /** What was measured; when the sweep was stopped, what there is so far. Rejects when a round broke. */
  readonly comparison: Promise<Comparison>;
  /** Stops taking trials in the current round, and starts no further round. */
  drain(): void;
  abort(): void;
}

/** One round to run. */
export interface Step {
  readonly prepared: PreparedStrategy;
  readonly role: ExecutedRound['role'];
  readonly round: number;
}

export function startSweep(sweep: PreparedSweep, hooks: SweepHooks = {}): Sweep {
  const stop = new AbortController();
  let running: Round | null = null;
  const samples: Sample[] = [];
  return {
    comparison: carryOut(),
    drain: () => {
      stop.abort();
      running?.drain();
    },
    abort: () => {
      stop.abort();
      running?.abort();
    },
  };

  async function carryOut(): Promise<Comparison> {
    const startedAt = new Date().toISOString();
    const before = { limits: sweep.limits, counters: readNetCounters() };
    const steps = makeSteps(sweep);
    for (const [done, step] of steps.entries()) {
      if (stop.signal.aborted) break;
      hooks.onRoundStart?.({ label: labelOf(step), done, total: steps.length });
      const sample = await runStep(step);
      if (sample === null) continue;
      samples.push(sample);
      hooks.onRoundEnd?.(sample.executed, sample.record);
    }
    return makeComparison({
      sweep,
      samples,
      startedAt,
      endedAt: new Date().toISOString(),
      before,
      after: { limits: readLimits(), counters: readNetCounters() },
      isInterrupted: stop.signal.aborted,
    });
  }

  /** Returns null when the round was stopped before its end, as its measurements then say nothing. */
  async function runStep({ prepared, role, round }: Step): Promise<Sample | null> {
    const quiet = await waitUntilQuiet(stop.signal);
    if (stop.signal.aborted) return null;
    let peakRssBytes = readResidentBytes();
    running = startRound(prepared.round, {
      ...hooks,
      onSnapshot: (snapshot) => {
        peakRssBytes = Math.max(peakRssBytes, readResidentBytes());
        hooks.onSnapshot?.(snapshot);
      },
    });
    const record = await running.record.catch((error: unknown) => {
      // A signal to the process group also ends a server that is just starting; the earlier rounds stay valid.
      if (stop.signal.aborted) return null;
      throw error;
    });
    running = null;
    if (record?.ended !== 'done') return null;
    const { name: strategy } = prepared.strategy;
    const { startedAt, wallMs } = record;
    return {
      prepared,
      record,
      executed: { strategy, role, round, startedAt, wallMs, ...quiet, peakRssBytes },
    };
  }
}

/**
 * Draws the order of each round from the seed. The reference is in each round twice, to be compared with itself.
 */
export function makeSteps({ options, strategies, reference, scaling }: PreparedSweep): Step[] {
  const random = makeRandom(options.seed);
  const more = scaling.filter((point) => !strategies.some((strategy) => isSameRound(strategy, point)));
  const steps: Step[] = [
    { prepared: reference, role: 'warm-up', round: 0 },
    { prepared: reference, role: 'noise', round: 0 },
    { prepared: reference, role: 'noise', round: 0 },
  ];
  for (let round = 1; round <= options.roundCount; round++) {
    const inRound: Step[] = [
      ...strategies.map((prepared) => ({ prepared, role: 'round', round }) as const),
      ...more.map((prepared) => ({ prepared, role: 'scaling', round }) as const),
      { prepared: reference, role: 'noise', round },
    ];
    steps.push(...shuffle(inRound, random));
  }
  return steps;
}

function labelOf({ prepared, role, round }: Step): string {
  const { name } = prepared.strategy;
  if (role === 'warm-up') return `warm-up: ${name}`;
  if (role === 'noise') return `${name} against itself`;
  return `round ${round}: ${name}`;
}
