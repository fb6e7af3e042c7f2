// An audit of a directory, offline: every file that the run recorded is read again and compared by length and SHA-256,
// and files that nobody recorded are named. Without a record, files that each say `k of n` are checked as a whole.

import { createHash, hash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { opendir, readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { SpillwayError } from '../model/errors.ts';
import type { FetchReport } from '../model/fetch-report.ts';
import type { OkOutcome, Outcome } from '../model/outcome.ts';
import type { VerifyProblem, VerifyProblemKind, VerifyReport } from '../model/verify-report.ts';
import { SeenSet } from '../sources/seen-set.ts';
import { RECORD_DIRECTORY } from './fetch-place.ts';
import { recordPaths } from './run-record.ts';

/** Files up to this are read at once. */
const WHOLE_BYTES = 1024 * 1024;
const NAMED_PER_KIND = 5;
const MAX_FILES = 50_000_000;
/** `k of n` needs few bytes; a longer file says something else. */
const MAX_NUMBER_BYTES = 64;

/** Audits `directory`. @throws SpillwayError ERR_OPTION when it is no directory or holds nothing to check against */
export async function verifyDirectory(directory: string): Promise<VerifyReport> {
  const root = resolve(directory);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new SpillwayError('ERR_OPTION', `verify: expected a directory, found none at "${directory}"`);
  }
  const paths = recordPaths(join(root, RECORD_DIRECTORY));
  return existsSync(paths.outcomes) ? await verifyRecord(root, paths) : await verifyNumbers(root);
}

class Audit {
  right = 0;
  bytes = 0;
  readonly counts: Partial<Record<VerifyProblemKind, number>> = {};
  readonly #problems: VerifyProblem[] = [];

  blame(kind: VerifyProblemKind, path: string, detail: string): void {
    const count = (this.counts[kind] ?? 0) + 1;
    this.counts[kind] = count;
    if (count <= NAMED_PER_KIND) this.#problems.push({ kind, path, detail });
  }

  report(against: VerifyReport['against'], expected: number): VerifyReport {
    const { right, bytes, counts } = this;
    const isComplete = this.#problems.length === 0 && expected > 0;
    return { against, expected, right, bytes, counts, problems: this.#problems, isComplete };
  }
}

async function verifyRecord(root: string, paths: ReturnType<typeof recordPaths>): Promise<VerifyReport> {
  const audit = new Audit();
  const recorded = new SeenSet(MAX_FILES);
  const settled = new SeenSet(MAX_FILES);
  let lineCount = 0;
  for await (const line of createInterface({ input: createReadStream(paths.outcomes) })) {
    lineCount++;
    const outcome = readOutcome(line);
    if (outcome === null) {
      audit.blame('gap', RECORD_DIRECTORY, `line ${lineCount} of the record is torn`);
    } else if (settled.add(String(outcome.index)) === 'seen') {
      audit.blame('double', outcome.url, `target ${outcome.index} is recorded twice`);
    } else if (outcome.kind === 'ok') {
      recorded.add(outcome.stored.path);
      await checkFile(root, outcome, audit);
    } else if (outcome.kind === 'failed' || outcome.reason === 'stopped') {
      audit.blame(
        'failed',
        outcome.url,
        outcome.kind === 'failed' ? `${outcome.code}: ${outcome.detail}` : 'the run ended before it',
      );
    }
  }
  const expected = readTargetCount(paths.report);
  if (expected === null) audit.blame('gap', RECORD_DIRECTORY, 'the run has no report: it did not end');
  else if (expected > settled.count)
    audit.blame(
      'gap',
      RECORD_DIRECTORY,
      `${expected - settled.count} of ${expected} targets have no last word`,
    );
  for await (const path of walk(root)) {
    if (recorded.add(path) !== 'seen') audit.blame('stranger', path, 'not in the record of the run');
  }
  return audit.report('record', expected ?? settled.count);
}

function readOutcome(line: string): Outcome | null {
  try {
    return JSON.parse(line) as Outcome;
  } catch {
    return null;
  }
}

function readTargetCount(file: string): number | null {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as FetchReport).targets;
  } catch {
    return null;
  }
}

async function checkFile(root: string, { stored, bytes, sha256 }: OkOutcome, audit: Audit): Promise<void> {
  const file = join(root, stored.path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true) {
    audit.blame('missing', stored.path, 'recorded, and not there');
  } else if (stats.size !== bytes) {
    audit.blame('changed', stored.path, `expected ${bytes} bytes, found ${stats.size}`);
  } else if ((await digestOf(file, bytes)) !== sha256) {
    audit.blame('changed', stored.path, `expected SHA-256 ${sha256}, found another`);
  } else {
    audit.right++;
    audit.bytes += bytes;
  }
}

async function digestOf(file: string, bytes: number): Promise<string> {
  if (bytes <= WHOLE_BYTES) return hash('sha256', readFileSync(file));
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: WHOLE_BYTES }))
    digest.update(chunk as Buffer);
  return digest.digest('hex');
}

/** Files below `root` but for the run's record, with "/" between parts. */
async function* walk(root: string): AsyncGenerator<string> {
  const directories = [root];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (path !== join(root, RECORD_DIRECTORY)) directories.push(path);
      } else {
        yield relative(root, path).replaceAll('\\', '/');
      }
    }
  }
}

/** Every k of 1 … n once, over all files. */
async function verifyNumbers(root: string): Promise<VerifyReport> {
  const audit = new Audit();
  const seen = new SeenSet(MAX_FILES);
  let expected = 0;
  for await (const path of walk(root)) {
    const file = join(root, path);
    const text = statSync(file).size > MAX_NUMBER_BYTES ? '' : await readFile(file, 'utf8');
    const match = /^(\d{1,15}) of (\d{1,15})\s*$/u.exec(text);
    const [number, total] = [Number(match?.[1]), Number(match?.[2])];
    if (match === null || number < 1 || number > total || (expected !== 0 && total !== expected)) {
      audit.blame('stranger', path, 'expected "k of n" with one n for all files');
      continue;
    }
    expected = total;
    audit.bytes += text.length;
    if (seen.add(String(number)) === 'seen')
      audit.blame('double', path, `${number} of ${total} is there twice`);
    else audit.right++;
  }
  if (expected === 0) {
    throw new SpillwayError(
      'ERR_OPTION',
      `verify: expected a directory of a fetch, or of files that say "k of n", found neither in "${root}"`,
    );
  }
  if (audit.right < expected)
    audit.blame('gap', '', `${expected - audit.right} of ${expected} numbers are missing`);
  return audit.report('numbers', expected);
}
