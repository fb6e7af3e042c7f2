// Measures the time of `spillway --help` from the start of the process to its end: 20 starts of the built program,
// after two that fill the compile cache, beside 20 of a Node.js that does nothing. Writes the record to
// benchmarks/results/.
//
//   npm run build && node benchmarks/help-time.ts

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const COUNT = 20;
const WARM_UP_COUNT = 2;
const GOAL_MS = 150;
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

function measure(args: readonly string[]): number {
  const startedMs = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`expected ${args.join(' ')} to end with 0, found ${status}`);
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2;
}

const help = [main, '--help'];
const nothing = ['--eval', '0'];
const loadBefore = loadavg();
for (let count = 0; count < WARM_UP_COUNT; count++) for (const args of [help, nothing]) measure(args);
const helpMs: number[] = [];
const nothingMs: number[] = [];
// In turn, so that a disturbance meets both.
for (let count = 0; count < COUNT; count++) {
  helpMs.push(measure(help));
  nothingMs.push(measure(nothing));
}
const medianMs = median(helpMs);
const record = {
  schema: 'spillway-help-time/1',
  what: 'spillway --help, process start to end',
  command: 'node benchmarks/help-time.ts',
  startedAt: new Date().toISOString(),
  commit: execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim(),
  node: process.version,
  machine: {
    cpuModel: cpus()[0]?.model ?? 'unknown',
    coreCount: cpus().length,
    memoryBytes: totalmem(),
    kernel: release(),
    loadBefore,
  },
  goalMs: GOAL_MS,
  isMet: medianMs < GOAL_MS,
  help: { medianMs, mostMs: Math.max(...helpMs), samplesMs: helpMs },
  nothing: { medianMs: median(nothingMs), mostMs: Math.max(...nothingMs), samplesMs: nothingMs },
};
const name = `${record.startedAt.slice(0, 16).replaceAll(':', '')}-help-time.json`;
writeFileSync(
  new URL(`results/${name}`, import.meta.url),
  `${JSON.stringify(record, (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value), 1)}\n`,
);
process.stdout.write(
  `--help ${medianMs.toFixed(1)} ms (median of ${COUNT}), of which ${record.nothing.medianMs.toFixed(1)} ms a Node.js that does nothing: ${name}\n`,
);
