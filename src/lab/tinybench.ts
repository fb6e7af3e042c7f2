// Runs the strategies as tasks of tinybench. Its defaults suit microseconds: it calls a task once to see
// whether it is asynchronous, warms it up, and repeats it for half a second. A wave takes a second or more,
// so it is told that the task is asynchronous, how often to run it, and how long the wave took without the
// start of its server and workers.

import { Bench } from 'tinybench';
import { Histogram } from '../measure/histogram.ts';
import { SpillwayError } from '../model/errors.ts';
import type { RoundRecord, WaveFigures } from '../model/record.ts';
import type { PreparedStrategy, PreparedSweep } from './prepared-sweep.ts';
import { waitUntilQuiet } from './quiet.ts';
import { type Round, type RoundHooks, startRound } from './trial-round.ts';

export interface TinybenchRun {
  /** Figures of the strategies that ran to their end. */
  readonly figures: Promise<readonly WaveFigures[]>;
  drain(): void;
  abort(): void;
}

/** Runs `roundCount` waves of each strategy, one strategy after the other as tinybench does. */
export function startTinybench(sweep: PreparedSweep, hooks: RoundHooks): TinybenchRun {
  const stop = new AbortController();
  let running: Round | null = null;
  return {
    figures: carryOut(),
    drain: () => {
      stop.abort();
      running?.drain();
    },
    abort: () => {
      stop.abort();
      running?.abort();
    },
  };

  async function carryOut(): Promise<readonly WaveFigures[]> {
    const bench = new Bench({
      time: 0,
      iterations: sweep.options.roundCount,
      warmup: false,
      signal: stop.signal,
      throws: true,
    });
    const waves = new Map(sweep.strategies.map((prepared) => [prepared, [] as RoundRecord[]]));
    for (const [prepared, records] of waves) {
      const wave = async () => {
        running = startRound(prepared.round, hooks);
        const record = await running.record;
        running = null;
        if (record.ended === 'done') records.push(record);
        return { overriddenDuration: record.wallMs * (prepared.projected?.factor ?? 1) };
      };
      bench.add(prepared.strategy.name, wave, {
        async: true,
        beforeEach: async () => {
          await waitUntilQuiet(stop.signal);
        },
      });
    }
    await bench.run();
    return [...waves].flatMap(([prepared, records]) => figuresOf(bench, prepared, records) ?? []);
  }
}

function figuresOf(
  bench: Bench,
  { strategy, projected, round }: PreparedStrategy,
  records: readonly RoundRecord[],
): WaveFigures | null {
  const result = bench.getTask(strategy.name)?.result;
  if (result?.state !== 'completed') return null;
  const { latency } = result;
  if (latency.samplesCount !== records.length)
    throw new SpillwayError(
      'ERR_BUG',
      `expected ${records.length} waves in tinybench, found ${latency.samplesCount}`,
    );
  const answers = new Histogram();
  for (const record of records) answers.addData(record.latency.histogram);
  const { trialCount } = round.plan;
  return {
    name: strategy.name,
    trialCount,
    waveCount: latency.samplesCount,
    isProjected: projected !== null,
    meanMs: latency.mean,
    marginRatio: latency.samplesCount < 2 ? null : latency.rme / 100,
    leastMs: latency.min,
    mostMs: latency.max,
    trialsPerSec: (trialCount * (projected?.factor ?? 1) * 1e3) / latency.mean,
    answers: answers.percentiles(),
  };
}
