// `npm run bench:journal [-- --targets n] [--pairs n] [--md file]`: measures the cost of the journal in a whole
// run. Each pair runs the same fetch with and without a journal, in random order on one machine: small bodies that
// are not stored, from the lean mock server in its own process, with as much in flight as `fetch` chooses. Compares
// the ratio in each pair.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROGRAM_VERSION } from '../../src/version.ts';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import type { FetchOptions } from '../../src/runner/fetch/fetch-options.ts';
import { fetchDefaults } from '../../src/runner/fetch/fetch-defaults.ts';
import { startServer } from '../../src/server/cluster.ts';

const { values } = parseArgs({
  options: {
    targets: { type: 'string', default: '100000' },
    pairs: { type: 'string', default: '5' },
    md: { type: 'string' },
  },
});
const targetCount = Number(values.targets);
const pairCount = Number(values.pairs);
/** What the journal may cost. */
const MAX_COST_PERCENT = 10;
const WARM_UP_COUNT = 2_000;

interface Pair {
  readonly withMs: number;
  readonly withoutMs: number;
  readonly withCpuUs: number;
  readonly withoutCpuUs: number;
}

function optionsFor(origin: string, count: number, hasJournal: boolean): FetchOptions {
  const defaults = fetchDefaults();
  return {
    ...defaults,
    sources: [{ kind: 'template', template: `${origin}/{0..${count - 1}}` }],
    to: 'discard',
    ...(hasJournal ? {} : { sink: { kind: 'discard' as const } }),
    limits: {
      ...defaults.limits,
      minBytesPerSec: 0,
      slowWindowMs: 0,
      maxRedirects: 0,
      maxRetries: 0,
      retryBudgetRatio: 0,
      maxRetryWaitMs: 0,
    },
    isStrict: true,
    maxRemembered: 1000,
    isWarm: true,
  };
}

interface Round {
  /** From the call to the last word of the report: the journal's last fsync is in it. */
  readonly wallMs: number;
  readonly cpuUs: number;
}

/** One fetch; its record, if any, is made below the working directory. */
async function fetchAll(origin: string, count: number, hasJournal: boolean): Promise<Round> {
  const startMs = performance.now();
  const report = await startFetch(optionsFor(origin, count, hasJournal)).report;
  const wallMs = performance.now() - startMs;
  if (report.ok !== count) throw new Error(`expected ${count} bodies, found ${report.ok}: ${report.problem}`);
  return { wallMs, cpuUs: (report.cpuUs.user + report.cpuUs.system) / count };
}

async function measurePairs(origin: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const hasJournal of [true, false]) await fetchAll(origin, WARM_UP_COUNT, hasJournal);
  for (let pair = 0; pair < pairCount; pair++) {
    const isFirst = Math.random() < 0.5;
    const one = await fetchAll(origin, targetCount, isFirst);
    const other = await fetchAll(origin, targetCount, !isFirst);
    const [kept, bare] = isFirst ? [one, other] : [other, one];
    pairs.push({
      withMs: kept.wallMs,
      withoutMs: bare.wallMs,
      withCpuUs: kept.cpuUs,
      withoutCpuUs: bare.cpuUs,
    });
    rmSync('results', { recursive: true, force: true });
    process.stderr.write(`pair ${pair + 1}: ${JSON.stringify(pairs.at(-1))}\n`);
  }
  return pairs;
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

function describe(pairs: readonly Pair[]): string {
  const costs = pairs.map(({ withMs, withoutMs }) => (withMs / withoutMs - 1) * 100);
  const cost = median(costs);
  const rows = pairs.map(
    ({ withMs, withoutMs, withCpuUs, withoutCpuUs }, at) =>
      `| ${at + 1} | ${withMs.toFixed(0)} ms | ${withoutMs.toFixed(0)} ms | ${(costs[at] as number).toFixed(1)} % | ${withCpuUs.toFixed(1)} us | ${withoutCpuUs.toFixed(1)} us |`,
  );
  return [
    '# What the journal costs',
    '',
    `${targetCount.toLocaleString('en')} targets of a few bytes from the lean mock server, nothing kept of them, ${pairCount} pairs of rounds in random order.`,
    '',
    `Cost in throughput, median of the pairs: **${cost.toFixed(1)} %** (claim: at most ${MAX_COST_PERCENT} %: ${cost <= MAX_COST_PERCENT ? 'met' : 'not met'}).`,
    `CPU of a target: ${median(pairs.map((pair) => pair.withCpuUs)).toFixed(1)} us with, ${median(pairs.map((pair) => pair.withoutCpuUs)).toFixed(1)} us without.`,
    '',
    '| pair | with | without | cost | CPU a target, with | without |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    `Machine: ${availableParallelism()} cores, ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB; Node ${process.versions.node}, spillway ${PROGRAM_VERSION}; client and server on it together.`,
    `Command: \`npm run bench:journal -- --targets ${targetCount} --pairs ${pairCount}\``,
    '',
  ].join('\n');
}

const home = process.cwd();
const scratch = mkdtempSync(join(tmpdir(), 'spillway-journal-'));
try {
  process.chdir(scratch);
  await using server = await startServer({
    items: Math.max(targetCount, WARM_UP_COUNT),
    delayMs: 0,
    lean: true,
  });
  const page = describe(await measurePairs(server.origins[0] as string));
  process.stdout.write(page);
  if (values.md !== undefined) writeFileSync(join(home, values.md), page);
} finally {
  process.chdir(home);
  rmSync(scratch, { recursive: true, force: true });
}
