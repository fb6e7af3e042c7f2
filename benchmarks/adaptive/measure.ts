// Measures one fetch at the origin: how much it served and refused, in tenths of a second.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { fetchDefaults } from '../../src/runner/fetch/fetch-defaults.ts';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import type { FetchOptions } from '../../src/runner/fetch/fetch-options.ts';
import type { Tick } from './ticks.ts';

export interface Origin extends AsyncDisposable {
  readonly url: string;
  start(): void;
  read(): Promise<readonly Tick[]>;
}

export async function openOrigin(kind: string, capacity: number, serviceMs: number): Promise<Origin> {
  const file = new URL('./origin.ts', import.meta.url);
  const child: ChildProcess = fork(file, [kind, String(capacity), String(serviceMs)]);
  const ask = async <Answer>(): Promise<Answer> => (await once(child, 'message'))[0] as Answer;
  const { port } = await ask<{ port: number }>();
  return {
    url: `http://127.0.0.1:${port}`,
    start: () => child.send('start'),
    read: async () => {
      const answer = ask<{ ticks: Tick[] }>();
      child.send('read');
      return (await answer).ticks;
    },
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}

/** How many requests at once, or `adaptive`. */
export type Concurrency = number | 'adaptive';

/** What runs have open at most where it is found out: as `spillway fetch`. */
const ADAPTIVE_IN_FLIGHT = 4096;

export function makeOptions(template: string, concurrency: Concurrency): FetchOptions {
  const isAdaptive = concurrency === 'adaptive';
  const defaults = fetchDefaults(isAdaptive);
  return {
    ...defaults,
    sources: [{ kind: 'template', template }],
    to: 'discard',
    maxInFlight: isAdaptive ? ADAPTIVE_IN_FLIGHT : Math.max(2, concurrency),
    cores: 2,
    maxRemembered: 1000,
    request: { ...defaults.request, userAgent: 'spillway/benchmark' },
    limits: {
      ...defaults.limits,
      totalMs: 60_000,
      minBytesPerSec: 0,
      slowWindowMs: 0,
      maxRetries: 5,
      retryBudgetRatio: 100,
      maxRetryWaitMs: 60_000,
    },
    budgets: { ...defaults.budgets, maxPerOrigin: isAdaptive ? 0 : concurrency },
  };
}

export interface Run {
  readonly ticks: readonly Tick[];
  readonly report: FetchReport;
}

/** Fetches from an endless list for so long. */
export async function runFor(origin: Origin, concurrency: Concurrency, seconds: number): Promise<Run> {
  using _scratch = enterScratch();
  origin.start();
  const run = startFetch(makeOptions(`${origin.url}/{0..99999999}`, concurrency));
  await wait(seconds * 1000);
  const ticks = await origin.read();
  run.abort();
  return { ticks, report: await run.report };
}

/** Fetches a list to its end. */
export async function runList(template: string, concurrency: Concurrency): Promise<FetchReport> {
  using _scratch = enterScratch();
  return await startFetch(makeOptions(template, concurrency)).report;
}

/** A directory for the records of runs, which is gone afterwards. */
function enterScratch(): Disposable {
  const before = process.cwd();
  const directory = mkdtempSync(join(tmpdir(), 'spillway-adaptive-'));
  process.chdir(directory);
  return {
    [Symbol.dispose]: () => {
      process.chdir(before);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
