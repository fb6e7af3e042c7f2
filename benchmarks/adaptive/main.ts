// Compares the concurrency that adaptivity finds with the best fixed one of a sweep in the same run, and measures
// its cost when the server answers at once. `node benchmarks/adaptive/main.ts [--keep]`: five minutes on an
// otherwise idle machine.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readLoadAverage1Min, readMachine } from '../compare/machine.ts';
import { readCommit } from '../compare/repository.ts';
import { type Concurrency, openOrigin, runFor, runList } from './measure.ts';
import { TICK_MS, type Tick } from './ticks.ts';
import { startFileServer } from './file-server.ts';

const TICKS_PER_SEC = 1000 / TICK_MS;
const FIXED_SEC = 4;
/** Of a fixed run, what is measured: connections stand by then. */
const FIXED_FROM_SEC = 2;
const ADAPTIVE_SEC = 18;
const FOUND_AFTER_SEC = 10;
const PAIRS = 6;
const FILES = 10_000;

const CASES = [
  { kind: 'refuse', capacity: 20, serviceMs: 50 },
  { kind: 'refuse', capacity: 200, serviceMs: 100 },
  { kind: 'refuse', capacity: 2000, serviceMs: 500 },
  { kind: 'queue', capacity: 20, serviceMs: 50 },
  { kind: 'queue', capacity: 200, serviceMs: 100 },
  { kind: 'queue', capacity: 2000, serviceMs: 500 },
] as const;
const SWEEP = [0.5, 0.8, 1, 1.25, 2] as const;

const sum = (ticks: readonly Tick[], pick: (tick: Tick) => number) =>
  ticks.reduce((total, tick) => total + pick(tick), 0);

/** Answers a second over these ticks. */
const goodput = (ticks: readonly Tick[]) =>
  (sum(ticks, (tick) => tick.served) * TICKS_PER_SEC) / ticks.length;

/** The first second from which on a second's goodput is that much; null for never. */
function reachedAtSec(ticks: readonly Tick[], perSec: number): number | null {
  for (let from = 0; from + TICKS_PER_SEC <= ticks.length; from++)
    if (goodput(ticks.slice(from, from + TICKS_PER_SEC)) >= perSec)
      return (from + TICKS_PER_SEC) / TICKS_PER_SEC;
  return null;
}

async function measureCase({ kind, capacity, serviceMs }: (typeof CASES)[number]) {
  await using origin = await openOrigin(kind, capacity, serviceMs);
  const sweep: { concurrency: number; perSec: number }[] = [];
  for (const ratio of SWEEP) {
    const concurrency = Math.round(capacity * ratio);
    const { ticks } = await runFor(origin, concurrency, FIXED_SEC);
    sweep.push({ concurrency, perSec: goodput(ticks.slice(FIXED_FROM_SEC * TICKS_PER_SEC, -1)) });
  }
  const best = Math.max(...sweep.map(({ perSec }) => perSec));
  const { ticks, report } = await runFor(origin, 'adaptive', ADAPTIVE_SEC);
  const late = ticks.slice(FOUND_AFTER_SEC * TICKS_PER_SEC, -1);
  const refused = sum(late, (tick) => tick.refused);
  const result = {
    origin: `${kind}s more than ${capacity} at once, ${serviceMs} ms each`,
    sweep,
    bestPerSec: best,
    adaptivePerSec: goodput(late),
    ratio: goodput(late) / best,
    reachedAtSec: reachedAtSec(ticks, best * 0.85),
    refusedRatio: refused / (refused + sum(late, (tick) => tick.served)),
    knee: report.knees?.[0] ?? null,
    loadBefore: readLoadAverage1Min(),
    bySecond: Array.from({ length: ADAPTIVE_SEC }, (_, second) =>
      sum(ticks.slice(second * TICKS_PER_SEC, (second + 1) * TICKS_PER_SEC), (tick) => tick.served),
    ),
  };
  print(
    `${result.origin}: best fixed ${best.toFixed(0)}/s, adaptive ${result.adaptivePerSec.toFixed(0)}/s = ${result.ratio.toFixed(2)}, reached after ${result.reachedAtSec} s, refused ${(result.refusedRatio * 100).toFixed(2)} %, window ${result.knee?.window}`,
  );
  return result;
}

/** Wall times of 10,000 files, adaptive and fixed in turn, each first as often as the other. */
async function measureQuick(name: string, url: string) {
  const template = `${url}/{1..${FILES}}`;
  const time = async (concurrency: Concurrency) => {
    const report = await runList(template, concurrency);
    if (report.ok !== FILES) throw new Error(`expected ${FILES} ok, found ${report.ok}`);
    return report.wallMs;
  };
  await time('adaptive');
  const pairs: { adaptiveMs: number; fixedMs: number }[] = [];
  for (let pair = 0; pair < PAIRS; pair++) {
    if (pair % 2 === 0) {
      const adaptiveMs = await time('adaptive');
      pairs.push({ adaptiveMs, fixedMs: await time(64) });
    } else {
      const fixedMs = await time(64);
      pairs.push({ fixedMs, adaptiveMs: await time('adaptive') });
    }
  }
  const ratios = pairs.map(({ adaptiveMs, fixedMs }) => adaptiveMs / fixedMs).sort((a, b) => a - b);
  const medianRatio = ((ratios[PAIRS / 2 - 1] as number) + (ratios[PAIRS / 2] as number)) / 2;
  print(
    `${name}, ${FILES} files: adaptive over fixed 64, median ${medianRatio.toFixed(3)} (${ratios.map((ratio) => ratio.toFixed(2)).join(' ')})`,
  );
  return { name, files: FILES, pairs, medianRatio };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
});
const startedAt = new Date();
const cases = [];
if (!values.quick) for (const each of CASES) cases.push(await measureCase(each));
const quick = [];
{
  await using origin = await openOrigin('quick', 0, 0);
  quick.push(await measureQuick('node:http', origin.url));
}
await using files = await startFileServer();
if (files !== null) quick.push(await measureQuick('nginx', files.url));

const claims = [
  ...cases.map(({ origin, ratio, reachedAtSec: reached, refusedRatio }) => ({
    claim: `${origin}: goodput 0.85 of the best or more, reached within 10 s, less than 2 % refused after that`,
    isMet: ratio >= 0.85 && reached !== null && reached <= FOUND_AFTER_SEC && refusedRatio < 0.02,
  })),
  ...quick.map(({ name, medianRatio }) => ({
    claim: `${name}: adaptive takes at most 1.05 of the time with 64`,
    isMet: medianRatio <= 1.05,
  })),
];
for (const { claim, isMet } of claims) print(`${isMet ? 'met    ' : 'NOT MET'} ${claim}`);
if (values.keep) {
  const name = `${startedAt.toISOString().slice(0, 16).replace(':', '')}-adaptive`;
  const record = {
    command: 'node benchmarks/adaptive/main.ts --keep',
    startedAt: startedAt.toISOString(),
    node: process.version,
    machine: readMachine(),
    commit: readCommit(),
    cases,
    quick,
    claims,
  };
  const path = new URL(`../results/${name}`, import.meta.url).pathname;
  writeFileSync(`${path}.json`, `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(`${path}.md`, renderRecord(record));
  print(`kept as benchmarks/results/${name}.json and .md`);
}
process.exitCode = claims.every(({ isMet }) => isMet) ? 0 : 1;

interface AdaptiveRecord {
  readonly command: string;
  readonly startedAt: string;
  readonly node: string;
  readonly machine: ReturnType<typeof readMachine>;
  readonly commit: ReturnType<typeof readCommit>;
  readonly cases: readonly Awaited<ReturnType<typeof measureCase>>[];
  readonly quick: readonly Awaited<ReturnType<typeof measureQuick>>[];
  readonly claims: readonly { readonly claim: string; readonly isMet: boolean }[];
}

function renderRecord(record: AdaptiveRecord): string {
  const { machine, commit } = record;
  const rows = record.cases.map(
    ({ origin, sweep, adaptivePerSec, ratio, reachedAtSec: reached, refusedRatio, knee }) =>
      `| ${origin} | ${sweep.map(({ concurrency, perSec }) => `${concurrency}: ${perSec.toFixed(0)}`).join(', ')} | ${adaptivePerSec.toFixed(0)} | ${ratio.toFixed(2)} | ${reached ?? 'never'} | ${(refusedRatio * 100).toFixed(2)} | ${knee?.window ?? '-'} |`,
  );
  const quickRows = record.quick.map(
    ({ name, files, pairs, medianRatio }) =>
      `| ${name} | ${files} | ${pairs.map(({ adaptiveMs, fixedMs }) => `${adaptiveMs.toFixed(0)}/${fixedMs.toFixed(0)}`).join(', ')} | ${medianRatio.toFixed(3)} |`,
  );
  return `# Adaptive concurrency, ${record.startedAt}

\`${record.command}\`, Node ${record.node}, commit ${commit?.hash.slice(0, 10) ?? 'none'}${(commit?.changedFiles.length ?? 0) > 0 ? ' with changed files' : ''}, ${machine.cpuModel}, ${machine.coreCount} cores, client and origin on the same machine.

Answers a second of fixed concurrencies in the same run, then of \`--adaptive\` from its eleventh second on.

| origin | fixed | adaptive | of the best | reached after (s) | refused after 10 s (%) | window found |
|---|---|---|---|---|---|---|
${rows.join('\n')}

Small files from a server that answers at once, adaptive and 64 fixed in turn.

| server | files | pairs, adaptive/fixed (ms) | median ratio |
|---|---|---|---|
${quickRows.join('\n')}

${record.claims.map(({ claim, isMet }) => `- ${isMet ? 'met' : 'NOT MET'}: ${claim}`).join('\n')}
`;
}
