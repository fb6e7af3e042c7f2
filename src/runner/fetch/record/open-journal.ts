// Opens a journal for a session: makes the file, or checks the existing one (whole, of a known format, of the same
// run), and enters the session. journal.ts writes outcomes from then on.

import { renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { SpillwayError } from '../../../model/errors.ts';
import type { JournalMeta, RunIdentity, RunSession, StoredCommand } from '../../../model/run-journal.ts';
import type { SinkSpec } from '../../../model/sink-spec.ts';
import { MAX_VALUE_BYTES } from './check-record.ts';
import { compareIdentities } from './compare-identities.ts';
import { checkFormat, damaged, journalError, SCHEMA } from './journal-format.ts';
import { readCounts, readMeta, writeMeta } from './journal-meta.ts';
import { migrateJournal } from './journal-migration.ts';

/**
 * Pages of 4 KiB the log may hold before they are written to the file: each time takes two fsync, during which
 * nothing else is recorded. Outcomes of a thousand requests in flight touch thirty pages a group, most of them many
 * times.
 */
const LOG_PAGE_COUNT = 16_000;

export interface JournalOptions {
  /** The run's record directory; made if it does not exist. */
  readonly directory: string;
  readonly identity: RunIdentity;
  readonly command: StoredCommand | null;
  readonly sink: SinkSpec['kind'];
  readonly kind: RunSession['kind'];
  readonly version: string;
  /** Allows another run to replace one in which nothing was settled yet. @default false */
  readonly mayBeginAnew?: boolean;
}

export interface OpenedJournal {
  readonly db: DatabaseSync;
  /** True when the file held a run before: this session continues it. */
  readonly isContinued: boolean;
  /** True when the run in the file, in which nothing was settled, was replaced by another one. */
  readonly isBegunAnew: boolean;
  /** The run's meta as it was before this session. */
  readonly metaBefore: JournalMeta;
}

/**
 * Opens the journal in `file` and enters a new session; the caller holds the run's lock, and closes `db`.
 * @throws SpillwayError ERR_OPTION when it is a run of another source or other options, ERR_JOURNAL when it is
 *   damaged, ERR_SINK when it cannot be written
 */
export function openJournal(file: string, options: JournalOptions): OpenedJournal {
  using undo = new DisposableStack();
  try {
    const isContinued = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
    if (!isContinued) makeJournalFile(file, options);
    const opened = new DatabaseSync(file, { limits: { length: MAX_VALUE_BYTES } });
    const db = undo.adopt(opened, () => opened.close());
    // A commit is with the operating system when it returns; fsync comes when the log is folded into the file.
    db.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${LOG_PAGE_COUNT};`,
    );
    if (isContinued) migrateJournal(db, checkWhole(db, file));
    const isBegunAnew = isContinued && !isSameRun(db, options);
    if (isBegunAnew) beginAnew(db, options);
    const metaBefore = readMeta(db);
    beginSession(db, options);
    undo.move();
    return { db, isContinued, isBegunAnew, metaBefore };
  } catch (error) {
    throw journalError(file, error);
  }
}

/**
 * Makes a journal that is complete but for outcomes, and only then gives it its name: nobody ever reads a half-made
 * one, and a process that dies meanwhile leaves none.
 */
function makeJournalFile(file: string, { identity, command, sink }: JournalOptions): void {
  const part = `${file}.part`;
  // Files of a process that died here, or of a journal that somebody removed.
  for (const stale of [part, `${part}-journal`, `${file}-wal`, `${file}-shm`]) rmSync(stale, { force: true });
  const db = new DatabaseSync(part);
  try {
    db.exec('BEGIN IMMEDIATE');
    db.exec(SCHEMA);
    writeMeta(db, {
      identity,
      command,
      sink,
      state: 'running',
      targetCount: null,
      createdAt: new Date().toISOString(),
      hadLogins: false,
    });
    db.exec('COMMIT');
  } finally {
    db.close();
  }
  renameSync(part, file);
}

/** Refuses a damaged journal, so that nothing is counted from it. @returns its format */
function checkWhole(db: DatabaseSync, file: string): number {
  const version = checkFormat(db, file);
  const verdict = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (verdict !== 'ok') throw damaged(file, String(verdict));
  const differences = db
    .prepare(
      `SELECT class FROM (SELECT class, count(*) AS found FROM outcomes GROUP BY class) FULL JOIN tally USING (class)
       WHERE coalesce(found, 0) <> coalesce(count, 0)`,
    )
    .all();
  if (differences.length > 0) throw damaged(file, 'its counts are not those of its rows');
  return version;
}

/**
 * Returns false when another run may replace the one in the file. @throws SpillwayError ERR_OPTION when it may not
 */
function isSameRun(db: DatabaseSync, { identity, mayBeginAnew }: JournalOptions): boolean {
  const problems = compareIdentities(readMeta(db).identity, identity);
  if (problems.length === 0) return true;
  if (mayBeginAnew === true && isUntouched(db)) return false;
  throw new SpillwayError('ERR_OPTION', problems.join('\n'));
}

/** True when nothing is recorded, as after a command whose list could not be read. */
function isUntouched(db: DatabaseSync): boolean {
  const { found } = db
    .prepare('SELECT EXISTS (SELECT 1 FROM outcomes) OR EXISTS (SELECT 1 FROM pages) AS found')
    .get() as { found: number };
  return found === 0;
}

function beginAnew(db: DatabaseSync, { identity, command }: JournalOptions): void {
  db.exec('BEGIN IMMEDIATE');
  writeMeta(db, { identity, command, createdAt: new Date().toISOString() });
  db.exec('COMMIT');
}

function beginSession(db: DatabaseSync, { kind, version, command }: JournalOptions): void {
  db.exec('BEGIN IMMEDIATE');
  const { settled } = readCounts(db);
  db.prepare(
    `INSERT INTO sessions (kind, pid, host, version, started_at, ended, settled_before)
       VALUES (?, ?, ?, ?, ?, 'running', ?)`,
  ).run(kind, process.pid, hostname(), version, new Date().toISOString(), settled);
  writeMeta(db, {
    state: 'running',
    ...(kind === 'retry' ? {} : { targetCount: null }),
    ...(command === null ? {} : { command }),
  });
  db.exec('COMMIT');
}
