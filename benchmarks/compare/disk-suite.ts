// What the suites that write files to disk share: options, scratch space, record, one measured run, and how its
// figures are shown. Each suite defines its own programs and servers.

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readLoadAverage1Min, readMachine } from './machine.ts';
import { measureProcess, type ProcessRun } from './measure-process.ts';
import { readCommit } from './repository.ts';
import { summarize } from './statistics.ts';

export const TIMEOUT_MS = 180_000;

export interface DiskCase {
  readonly name: string;
  readonly fileCount: number;
  readonly bytes: number;
}

export interface DiskRun {
  readonly round: number;
  readonly command: readonly string[];
  readonly wallMs: number;
  readonly cpuUsPerFile: number;
  readonly peakRssBytes: number;
  readonly loadAverage1Min: number;
  /** Why the figures do not count; null when they do. */
  readonly problem: string | null;
}

export interface DiskSuite<Case extends DiskCase, Run extends DiskRun> {
  /** Of the record: `NAME.json` and `NAME.md`. */
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case[];
  readonly roundCount: number;
  runCase(files: Case, roundCount: number, scratch: string): Promise<readonly Run[]>;
  renderCase(files: Case, runs: readonly Run[], roundCount: number): string;
}

/** Runs the cases that the command line asks for, prints and keeps what they say. @returns every run */
export async function runDiskSuite<Case extends DiskCase, Run extends DiskRun>(
  suite: DiskSuite<Case, Run>,
): Promise<readonly Run[]> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: String(suite.roundCount) },
      case: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const roundCount = Number(values.rounds);
  const scratch = mkdtempSync(join(tmpdir(), `spillway-${suite.name}-`));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
  const startedAt = new Date().toISOString();
  const cases = suite.cases.filter(({ name }) => values.case === undefined || values.case === name);
  const records: (Case & { runs: readonly Run[] })[] = [];
  for (const files of cases)
    records.push({ ...files, runs: await suite.runCase(files, roundCount, scratch) });
  const text = records.map((record) => suite.renderCase(record, record.runs, roundCount)).join('\n');
  process.stdout.write(text);
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true });
    const schema = `spillway-${suite.name}/1`;
    const record = {
      schema,
      startedAt,
      roundCount,
      commit: readCommit(),
      machine: readMachine(),
      cases: records,
    };
    writeFileSync(join(values.out, `${suite.name}.json`), `${JSON.stringify(record, null, 1)}\n`);
    writeFileSync(join(values.out, `${suite.name}.md`), `# ${suite.title}\n\n${text}`);
  }
  return records.flatMap(({ runs }) => runs);
}

/**
 * A directory for what nginx serves, in memory: a kernel that takes back page cache that lies idle would have it read
 * from the disk that is measured. Removed at the end of this process.
 */
export function makeServedDir(): string {
  const served = mkdtempSync('/dev/shm/spillway-served-');
  process.once('exit', () => rmSync(served, { recursive: true, force: true }));
  // nginx, started as root, reads as a user of its own.
  chmodSync(served, 0o755);
  return served;
}

/** Has the disk take what earlier runs left to be written, so that it is not written at the cost of the next one. */
export function settleDisk(): void {
  execFileSync('sync');
}

/** Runs a command that is to write the files of a case. @returns its figures, and why it failed, if it did */
export async function measureToDisk(
  command: readonly string[],
  { fileCount }: DiskCase,
): Promise<Omit<DiskRun, 'round'>> {
  const loadAverage1Min = readLoadAverage1Min();
  const measured = await measureProcess(command, { timeoutMs: TIMEOUT_MS });
  const { account } = measured;
  return {
    command,
    wallMs: account?.wallMs ?? 0,
    cpuUsPerFile: ((account?.userUs ?? 0) + (account?.systemUs ?? 0)) / fileCount,
    peakRssBytes: account?.peakRssBytes ?? 0,
    loadAverage1Min,
    problem: findFailure(measured),
  };
}

/** Why a process did not end as it should; null when it did. */
export function findFailure({ account, stderr, isTimedOut }: ProcessRun): string | null {
  if (isTimedOut) return `not done after ${TIMEOUT_MS} ms`;
  return account?.exitCode === 0 ? null : `exit code ${account?.exitCode}: ${stderr.slice(0, 200)}`;
}

/** What is wrong with the files below `out`, which are named by number; null when all are there. */
export function findMissing(out: string, { fileCount, bytes }: DiskCase): string | null {
  const right = readdirSync(out, { recursive: true, withFileTypes: true }).filter(
    (entry) =>
      entry.isFile() &&
      /^\d+$/u.test(entry.name) &&
      statSync(join(entry.parentPath, entry.name)).size === bytes,
  );
  return right.length === fileCount ? null : `${fileCount - right.length} files missing or of another size`;
}

/** Median and spread. */
export function showSpread(known: readonly number[], digits = 0): string {
  if (known.length === 0) return 'failed';
  const { median, min, max } = summarize(known);
  return `${median.toFixed(digits)} (${min.toFixed(digits)} to ${max.toFixed(digits)})`;
}
