// The second scenario: walks a list API page by page while its files are downloaded, with the same engine as
// any other fetch. Every file says `k of n`, so the directory alone shows whether each came exactly once.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLimits } from '../limits/read.ts';
import { estimateMedian, makeRandom, shuffle } from '../measure/statistics.ts';
import { LIST_DEFAULTS, LIST_PRESETS } from '../model/list-api-options.ts';
import type { PagesRecord, PagesRound, PagesStrategy } from '../model/pages-record.ts';
import { fetchDefaults } from '../runner/fetch/fetch-defaults.ts';
import { startFetch } from '../runner/fetch/fetch.ts';
import { type MockServer, startServer } from '../server/cluster.ts';
import { readMachine, readVersions, USER_AGENT } from './context.ts';
import type { Strategy } from './strategies.ts';

export interface PagesOptions {
  readonly strategies: readonly Strategy[];
  readonly fileCount: number;
  readonly delayMs: number;
  readonly roundCount: number;
  readonly seed: number;
  /** The longest that one attempt may take. */
  readonly deadlineMs: number;
  readonly command: string;
  /** Called when a round is over. */
  readonly onRound?: (name: string, round: PagesRound) => void;
  /** Cuts the current round, which is then not in the record, and starts no further one. */
  readonly signal: AbortSignal;
}

const MEGABYTE = 1e6;
const NAMED = 5;

/** The numbers of a strategy, when a fetch has only workers and requests in flight. */
interface PagesPlan
  extends Pick<PagesStrategy, 'name' | 'workerCount' | 'maxInFlight' | 'guard' | 'floorMs'> {}

/** Runs every strategy once a round, in random order, each with its own server and directory. */
export async function runPages(options: PagesOptions): Promise<PagesRecord> {
  const { fileCount, delayMs, roundCount, seed, command, signal } = options;
  const limits = readLimits();
  const startedAt = new Date().toISOString();
  const plans = options.strategies.map((strategy) => {
    const { numbers, guard } = strategy.ask(fileCount, limits);
    const asked = typeof numbers.maxInFlight === 'number' ? numbers.maxInFlight : fileCount;
    const maxInFlight = Math.max(1, Math.min(asked, fileCount));
    const cores = typeof numbers.cores === 'number' ? numbers.cores : Math.max(1, limits.cpu.usableCores);
    const workerCount = Math.min(Math.floor(cores), maxInFlight);
    const floorMs = delayMs * Math.ceil(fileCount / maxInFlight);
    return { name: strategy.name, workerCount, maxInFlight, guard, floorMs };
  });
  const random = makeRandom(seed);
  const rounds = new Map<PagesPlan, PagesRound[]>(plans.map((plan) => [plan, []]));
  for (let round = 0; round < roundCount; round++) {
    for (const plan of shuffle(plans, random)) {
      if (signal.aborted) break;
      const done = await runRound(plan, options);
      if (done === null) break;
      rounds.get(plan)?.push(done);
      options.onRound?.(plan.name, done);
    }
  }
  return {
    schema: 'spillway-pages/1',
    command,
    startedAt,
    fileCount,
    perPage: LIST_PRESETS.mock.paging.pageSize.count,
    delayMs,
    seed,
    versions: readVersions(),
    machine: readMachine(limits),
    strategies: [...rounds]
      .filter(([, own]) => own.length > 0)
      .map(([plan, own]) =>
        Object.assign({}, plan, { wallMs: estimateMedian(own.map(({ wallMs }) => wallMs)), rounds: own }),
      ),
  };
}

async function runRound(plan: PagesPlan, options: PagesOptions): Promise<PagesRound | null> {
  const { fileCount, delayMs, deadlineMs, signal } = options;
  const directory = mkdtempSync(join(tmpdir(), 'spillway-pages-'));
  try {
    await using server = await startServer({ files: fileCount, delayMs, drainMs: 100 });
    const to = join(directory, 'files');
    const defaults = fetchDefaults();
    const fetch = startFetch({
      ...defaults,
      sources: [
        {
          kind: 'list-api',
          api: { ...LIST_DEFAULTS, ...LIST_PRESETS.mock, url: `${server.origins[0]}/api/list_files` },
        },
      ],
      to,
      request: { ...defaults.request, userAgent: USER_AGENT },
      limits: {
        ...defaults.limits,
        totalMs: deadlineMs,
        connectMs: deadlineMs,
        firstByteMs: deadlineMs,
        idleMs: deadlineMs,
        minBytesPerSec: 0,
        slowWindowMs: 0,
        maxBodyBytes: MEGABYTE,
        maxRetryWaitMs: deadlineMs,
        stallMs: 0,
      },
      budgets: { ...defaults.budgets, isAdaptive: false, maxPerOrigin: 0 },
      maxInFlight: plan.maxInFlight,
      cores: plan.workerCount,
      isStrict: true,
      maxRemembered: fileCount,
      isWarm: true,
    });
    const abort = () => fetch.abort();
    signal.addEventListener('abort', abort, { once: true });
    const account = await fetch.report;
    signal.removeEventListener('abort', abort);
    if (signal.aborted) return null;
    const proof = await checkFiles(to, fileCount, server);
    if (account.failed > 0) proof.problems.push(`${account.failed} files failed`);
    if (account.problem !== null) proof.problems.push(account.problem);
    return {
      wallMs: account.wallMs,
      attemptsSent: account.attemptsSent,
      connectionsOpened: account.connectionsOpened,
      inFlightPeak: account.inFlightPeak,
      p50Ms: account.durationMs.p50,
      maxMs: account.durationMs.max,
      clientCpuUsPerFile: (account.cpuUs.user + account.cpuUs.system) / Math.max(1, account.ok),
      ...proof,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Checks that each `k of n` is on disk once, and that the server counted each as sent once. */
async function checkFiles(
  directory: string,
  fileCount: number,
  server: MockServer,
): Promise<{ foundOnce: number; sentOnce: number; problems: string[] }> {
  const times = new Uint32Array(fileCount + 1);
  const problems: string[] = [];
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const file = join(directory, name);
    if (!statSync(file).isFile() || !name.endsWith('.txt')) continue;
    const [, number, total] = /^(\d+) of (\d+)\s*$/.exec(readFileSync(file, 'utf8')) ?? [];
    const isOurs = Number(total) === fileCount && Number(number) >= 1 && Number(number) <= fileCount;
    if (isOurs) times[Number(number)] = (times[Number(number)] ?? 0) + 1;
    else if (problems.length < NAMED) problems.push(`${name} does not say k of ${fileCount}`);
  }
  const numbers = Array.from(times.keys()).slice(1);
  const missing = numbers.filter((number) => times[number] === 0);
  const doubled = numbers.filter((number) => (times[number] ?? 0) > 1);
  if (missing.length > 0) problems.push(`${missing.length} missing: ${missing.slice(0, NAMED).join(', ')} …`);
  if (doubled.length > 0) problems.push(`${doubled.length} twice: ${doubled.slice(0, NAMED).join(', ')} …`);
  const { downloads } = await server.stats();
  return {
    foundOnce: fileCount - missing.length - doubled.length,
    sentOnce: downloads.distinct - downloads.duplicates,
    problems,
  };
}
