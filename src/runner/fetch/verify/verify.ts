// The offline audit of what fetches have left: reads every body again, compares it with its run's journal by length
// and SHA-256, and names what no journal knows. Parts of one list are audited as one. Start reading here.

import { closeSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SpillwayError } from '../../../model/errors.ts';
import { withoutLogins } from '../../../model/shown-url.ts';
import type { VerifyReport } from '../../../model/verify-report.ts';
import { guardWrite } from '../../../files/sink-error.ts';
import { replaceFile } from '../../../files/own-files.ts';
import { writeAll } from '../../../files/write-all.ts';
import { type FoundRun, findRun, lookForRun } from '../record/find-run.ts';
import { VerifyAudit } from './verify-audit.ts';
import { verifyNumbers } from './verify-numbers.ts';
import { verifyRun } from './verify-run.ts';
import { VerifyTable } from './verify-table.ts';

export interface VerifyOptions {
  /** For each part: its `--to`, its record, or one directory of files that hold `k of n`. */
  readonly paths: readonly string[];
  /** Gets the sorted lines over which the certificate's digest is computed; null for no file. */
  readonly manifestFile: string | null;
  /** Gets the certificate; null to write it beside the record, if there is only one run. */
  readonly certificateFile: string | null;
}

export interface Verified {
  readonly report: VerifyReport;
  /** Where the certificate is; null where it was not written. */
  readonly certificateFile: string | null;
  /** Why it could not be written beside the record, such as a file system that is read-only; null when it could. */
  readonly unwritten: string | null;
}

/**
 * Audits `paths` as one.
 * @throws SpillwayError ERR_OPTION when there is nothing to check against, ERR_JOURNAL when a journal is damaged, ERR_SINK
 *   when a file that was asked for cannot be written
 */
export async function verifyRuns(options: VerifyOptions): Promise<Verified> {
  const { paths, manifestFile, certificateFile } = options;
  const runs = paths.map((path) => lookForRun(path));
  const [onlyRun] = runs;
  using table = new VerifyTable();
  const audit = new VerifyAudit(table);
  if (paths.length === 1 && onlyRun === null) {
    await verifyNumbers(checkDirectory(paths[0] as string), audit);
  } else {
    for (const run of distinct(paths)) await verifyRun(run, audit, table);
  }
  const report = audit.report(onlyRun === null && paths.length === 1 ? 'numbers' : 'record', table.digest());
  if (manifestFile !== null) writeLines(manifestFile, table.lines());
  const text = `${JSON.stringify(report.certificate, null, 2)}\n`;
  if (certificateFile !== null) {
    guardWrite('write', certificateFile, () => writeFileSync(certificateFile, text), '--certificate');
    return { report, certificateFile, unwritten: null };
  }
  if (onlyRun === null || onlyRun === undefined || runs.length > 1)
    return { report, certificateFile: null, unwritten: null };
  const beside = join(onlyRun.record, 'certificate.json');
  try {
    replaceFile(beside, text);
    return { report, certificateFile: beside, unwritten: null };
  } catch (error) {
    return { report, certificateFile: null, unwritten: (error as Error).message };
  }
}

/**
 * Finds every run once, whatever it was called. @throws SpillwayError ERR_OPTION with every place that is none or
 * is named twice
 */
function distinct(paths: readonly string[]): FoundRun[] {
  const runs = new Map<string, FoundRun>();
  const problems: string[] = [];
  for (const path of paths) {
    try {
      const run = findRun(path);
      if (runs.has(run.record))
        problems.push(`verify: expected different parts, found "${withoutLogins(path)}" twice`);
      runs.set(run.record, run);
    } catch (error) {
      if (!(error instanceof SpillwayError)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  return [...runs.values()];
}

function checkDirectory(path: string): string {
  const root = resolve(path);
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() === true) return root;
  throw new SpillwayError(
    'ERR_OPTION',
    `verify: expected what --to was, or a directory of files that say "k of n", found neither at "${withoutLogins(path)}"`,
  );
}

function writeLines(path: string, lines: Iterable<string>): void {
  guardWrite(
    'write',
    path,
    () => {
      const fd = openSync(path, 'w');
      try {
        let held = '';
        for (const line of lines) {
          held += line;
          if (held.length <= 1 << 20) continue;
          writeAll(fd, Buffer.from(held));
          held = '';
        }
        writeAll(fd, Buffer.from(held));
      } finally {
        closeSync(fd);
      }
    },
    '--manifest',
  );
}
