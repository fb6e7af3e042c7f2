// What a run leaves beside its bodies: the journal, which is the record, and at the end of each session two files for
// people: all failures, and the report. Holds the run for this process until it is disposed of.

import { closeSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError } from '../../../model/errors.ts';
import { type FetchReport, wasRefused } from '../../../model/fetch-report.ts';
import type { FailedOutcome, Outcome } from '../../../model/outcome.ts';
import type { JournalCounts, JournalMeta } from '../../../model/run-journal.ts';
import { openNew, replaceFile } from '../../../files/own-files.ts';
import { guardWrite } from '../../../files/sink-error.ts';
import { writeAll } from '../../../files/write-all.ts';
import { NAMED_PER_CLASS } from '../fetch-account.ts';
import { Journal } from './journal.ts';
import { journalFile } from './journal-format.ts';
import { JournalReader } from './journal-reader.ts';
import type { JournalOptions } from './open-journal.ts';
import { JournalWalk, NOTHING_SETTLED, type SettledBefore } from './settled-before.ts';

const FAILURES_FILE = 'failures.ndjson';
const REPORT_FILE = 'report.json';
const LINES_PER_WRITE = 256;

/** Paths of a run's record below its directory. */
export function recordPaths(directory: string): { journal: string; failures: string; report: string } {
  return {
    journal: journalFile(directory),
    failures: join(directory, FAILURES_FILE),
    report: join(directory, REPORT_FILE),
  };
}

export class RunRecord implements Disposable {
  readonly journal: Journal;
  readonly reader: JournalReader;
  /** What earlier sessions settled. */
  readonly before: JournalCounts;
  /** How often targets were in flight when a worker thread died, by index; the worker group changes it. */
  readonly deathsOf: Map<number, number>;
  readonly #paths: ReturnType<typeof recordPaths>;
  #hasLogins = false;

  /** @throws SpillwayError as `Journal` does */
  constructor(options: JournalOptions) {
    this.#paths = recordPaths(options.directory);
    using undo = new DisposableStack();
    this.journal = undo.use(new Journal(options));
    this.reader = undo.use(new JournalReader(options.directory));
    this.before = this.journal.counts;
    this.deathsOf = readDeaths(this.journal.meta.deaths);
    undo.move();
  }

  /** Targets that earlier sessions found in the sources. */
  get targetsBefore(): number {
    return this.journal.nextIndex;
  }

  /** What earlier sessions settled; for one target stream. */
  get settled(): SettledBefore {
    const { nextIndex } = this.journal;
    return nextIndex === 0 ? NOTHING_SETTLED : new JournalWalk(this.reader, nextIndex);
  }

  /** Records outcomes. Targets that were cancelled have none: they are fetched when the run continues. */
  add(outcomes: readonly Outcome[], hasLogins: boolean): void {
    if (hasLogins && !this.#hasLogins) this.journal.noteLogins();
    this.#hasLogins = hasLogins;
    const isStopped = (outcome: Outcome) => outcome.kind === 'skipped' && outcome.reason === 'stopped';
    this.journal.add(outcomes.some(isStopped) ? outcomes.filter((outcome) => !isStopped(outcome)) : outcomes);
  }

  noteDeaths(): void {
    this.journal.noteDeaths(this.deathsOf);
  }

  /**
   * Ends this session; a session that was refused leaves the run unchanged, or leaves none. A file that cannot be
   * written becomes a problem in the report and is not thrown, because the outcomes are safe.
   * @param isWhole false for a session that covered only a part of the targets, such as a retry
   * @returns the report, with the counts of the whole run from the journal
   */
  finish(report: FetchReport, isWhole: boolean): FetchReport {
    const { wasDone } = this.journal;
    const ended = report.ended === 'done' && !isWhole && !wasDone ? 'stopped' : report.ended;
    try {
      if (wasRefused(report)) {
        this.journal.withdraw();
        return report;
      }
      const targets = Math.max(report.targets, this.targetsBefore);
      const isDone = ended === 'done' || (wasDone && !isWhole);
      this.journal.finish(isDone ? 'done' : ended, isDone ? targets : null);
      const { counts } = this.journal;
      const final = withCounts({ ...report, targets }, counts, this.#writeFailures(counts.failed));
      guardWrite('write', this.#paths.report, () =>
        replaceFile(this.#paths.report, `${JSON.stringify(final, null, 2)}\n`),
      );
      return final;
    } catch (error) {
      const { code, message } =
        error instanceof SpillwayError ? error : new SpillwayError('ERR_BUG', String(error));
      return {
        ...report,
        ended: 'broken',
        problem: report.problem ?? message,
        problemCode: report.problemCode ?? code,
      };
    }
  }

  [Symbol.dispose](): void {
    this.reader[Symbol.dispose]();
    this.journal[Symbol.dispose]();
  }

  /** Writes all failures, by index, to one file in a single step. @returns the first failures of each class */
  #writeFailures(count: number): FailedOutcome[] {
    const first: FailedOutcome[] = [];
    const named = new Map<string, number>();
    const { failures } = this.#paths;
    if (count === 0) {
      rmSync(failures, { force: true });
      return first;
    }
    guardWrite('write', failures, () => {
      const part = `${failures}.part`;
      const fd = openNew(part);
      try {
        let lines: string[] = [];
        for (const outcome of this.reader.outcomes({ kind: 'failed' })) {
          const failure = outcome as FailedOutcome;
          const count = (named.get(failure.code) ?? 0) + 1;
          named.set(failure.code, count);
          if (count <= NAMED_PER_CLASS) first.push(failure);
          if (lines.push(`${JSON.stringify(failure)}\n`) < LINES_PER_WRITE) continue;
          writeAll(fd, Buffer.from(lines.join('')));
          lines = [];
        }
        writeAll(fd, Buffer.from(lines.join('')));
      } finally {
        closeSync(fd);
      }
      renameSync(part, failures);
    });
    return first;
  }
}

function readDeaths(deaths: JournalMeta['deaths'] = {}): Map<number, number> {
  return new Map(Object.entries(deaths).map(([index, count]) => [Number(index), count]));
}

function withCounts(
  report: FetchReport,
  counts: JournalCounts,
  firstFailures: readonly FailedOutcome[],
): FetchReport {
  const { settled, ok, failed, skipped, bytes, storedBytes, renamed, failures } = counts;
  const stopped = report.targets - settled;
  return {
    ...report,
    ok,
    failed,
    skipped: skipped + stopped,
    bytes,
    storedBytes,
    renamed,
    failures,
    skips: { ...counts.skips, ...(stopped > 0 ? { stopped } : {}) },
    firstFailures,
  };
}
