// The durable record of what is settled, and its one writer. A group of outcomes is one transaction, committed before
// it is counted: what the account says survives the death of this process, and no target is settled twice. Others
// read it through journal-reader. Knows neither sources nor sinks.

import { renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { SpillwayError } from '../../../model/errors.ts';
import type { Outcome } from '../../../model/outcome.ts';
import type {
  RunIdentity,
  JournalCounts,
  JournalMeta,
  RunSession,
  RunState,
  StoredCommand,
} from '../../../model/run-journal.ts';
import type { SinkSpec } from '../../../model/sink-spec.ts';
import { compareIdentities } from './compare-identities.ts';
import {
  checkFormat,
  COLUMNS,
  damaged,
  guardJournal,
  journalError,
  journalFile,
  PLACEHOLDERS,
  PLAIN_COLUMNS,
  PLAIN_VALUE_COUNT,
  PLAIN_VALUES,
  SCHEMA,
  toPlainRow,
  toRow,
} from './journal-format.ts';
import { migrateJournal } from './journal-migration.ts';
import { readCounts, readMeta, readNextIndex, readSessions, writeMeta } from './journal-meta.ts';
import { RunLock } from './run-lock.ts';
import { TallyChanges } from './tally-changes.ts';

/**
 * Pages of 4 KiB the log may hold before they go to the file: each time costs two fsync, in which nothing else is
 * recorded. Outcomes of a thousand requests in flight touch thirty pages a group, most of them many times.
 */
const LOG_PAGE_COUNT = 16_000;
/** Rows of one statement: 16 take 2.6 us each where one takes 3.1; more gain nothing. */
const PLAIN_ROW_COUNT = 16;

export interface JournalOptions {
  /** The run's record directory; made if need be. */
  readonly directory: string;
  readonly identity: RunIdentity;
  readonly command: StoredCommand | null;
  readonly sink: SinkSpec['kind'];
  readonly kind: RunSession['kind'];
  readonly version: string;
  /** A run in which nothing was settled yet may become another one. @default false */
  readonly mayBeginAnew?: boolean;
}

type Statements = Readonly<
  Record<
    'begin' | 'commit' | 'insert' | 'insertPlain' | 'insertPlainRows' | 'replace' | 'find' | 'tally',
    StatementSync
  >
>;

export class Journal implements Disposable {
  readonly file: string;
  /** True when it held a run before: this one continues it. */
  readonly isContinued: boolean;
  /** True when the run it held, in which nothing was settled, became another one. */
  readonly isBegunAnew: boolean;
  /** True when an earlier session read the sources to their end: a retry may have been cut since. */
  readonly wasDone: boolean;
  /** Targets below may be settled by an earlier session; from here on nothing is. */
  readonly nextIndex: number;
  /** As the run stood before this session. */
  readonly #metaBefore: JournalMeta;
  readonly #lock: RunLock;
  readonly #db: DatabaseSync;
  readonly #statements: Statements;
  #leavesNothing = false;

  /**
   * Takes the run for this process, makes the journal or goes on with the one that is there.
   * @throws SpillwayError ERR_RUN_LIVE when another process has the run, ERR_OPTION when it is a run of another source
   *   or other options, ERR_JOURNAL when it is damaged, ERR_SINK when it cannot be written
   */
  constructor(options: JournalOptions) {
    this.file = journalFile(options.directory);
    using undo = new DisposableStack();
    this.#lock = undo.use(new RunLock(options.directory));
    try {
      this.isContinued = (statSync(this.file, { throwIfNoEntry: false })?.size ?? 0) > 0;
      if (!this.isContinued) makeJournalFile(this.file, options);
      this.#db = new DatabaseSync(this.file);
      undo.defer(() => this.#db.close());
      // A commit is in the operating system's hands when it returns; fsync comes when the log is folded in.
      this.#db.exec(
        `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${LOG_PAGE_COUNT};`,
      );
      if (this.isContinued) migrateJournal(this.#db, this.#checkWhole());
      this.isBegunAnew = this.isContinued && !this.#isSameRun(options);
      if (this.isBegunAnew) this.#beginAnew(options);
      this.#metaBefore = readMeta(this.#db);
      this.wasDone = this.#metaBefore.targetCount !== null;
      this.nextIndex = readNextIndex(this.#db);
      this.#beginSession(options);
      this.#statements = this.#prepare();
    } catch (error) {
      throw journalError(this.file, error);
    }
    undo.move();
  }

  get meta(): JournalMeta {
    return readMeta(this.#db);
  }

  get counts(): JournalCounts {
    return readCounts(this.#db);
  }

  get sessions(): readonly RunSession[] {
    return readSessions(this.#db);
  }

  /**
   * Records last words. When it returns they survive the death of this process; none or all of the group are there.
   * @throws SpillwayError ERR_SINK when the journal cannot be written, ERR_BUG when a target is settled twice
   */
  add(outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return;
    this.#transact(() => {
      const changes = new TallyChanges();
      const plain: SQLInputValue[] = [];
      for (const outcome of outcomes) {
        changes.add(outcome);
        if (outcome.index >= this.nextIndex) this.#insert(outcome, plain);
        else this.#replace(outcome, changes);
      }
      for (let at = 0; at < plain.length; at += PLAIN_VALUE_COUNT)
        this.#statements.insertPlain.run(...plain.slice(at, at + PLAIN_VALUE_COUNT));
      for (const row of changes.rows()) this.#statements.tally.run(...row);
    });
  }

  /** Keeps a page of a list API, so that it is never asked for again. @throws SpillwayError ERR_SINK */
  addPage(source: number, number: number, contents: string): void {
    this.#guard(() =>
      this.#db.prepare('INSERT OR REPLACE INTO pages VALUES (?, ?, ?)').run(source, number, contents),
    );
  }

  /** The kept page `number` of source `source`; null where the walk has not come so far. */
  page(source: number, number: number): string | null {
    const row = this.#guard(() =>
      this.#db.prepare('SELECT contents FROM pages WHERE source = ? AND number = ?').get(source, number),
    );
    return (row?.['contents'] as string | undefined) ?? null;
  }

  /** URLs of targets held a login, which no row keeps. */
  noteLogins(): void {
    this.#guard(() => writeMeta(this.#db, { hadLogins: true }));
  }

  /** This session's last word on the run. @throws SpillwayError ERR_SINK */
  finish(state: RunState, targetCount: number | null): void {
    this.#transact(() => {
      writeMeta(this.#db, { state, ...(targetCount === null ? {} : { targetCount }) });
      this.#db
        .prepare(
          'UPDATE sessions SET ended_at = ?, ended = ? WHERE number = (SELECT max(number) FROM sessions)',
        )
        .run(new Date().toISOString(), state);
    });
  }

  /**
   * Takes this session back, which recorded nothing: the run stands as it stood before; of one that was not there its
   * directory is removed when it is let go of. @throws SpillwayError ERR_SINK
   */
  withdraw(): void {
    this.#leavesNothing = !this.isContinued;
    if (this.#leavesNothing) return;
    this.#transact(() => {
      writeMeta(this.#db, this.#metaBefore);
      this.#db.exec('DELETE FROM sessions WHERE number = (SELECT max(number) FROM sessions)');
    });
  }

  /** Folds the log into the file and lets go of the run. */
  [Symbol.dispose](): void {
    this.#db.close();
    // As long as nobody else can have begun a run there.
    if (this.#leavesNothing) rmSync(dirname(this.file), { recursive: true, force: true });
    this.#lock[Symbol.dispose]();
  }

  /** A whole journal, or a refusal: nothing is counted from one that is damaged. @returns its format */
  #checkWhole(): number {
    const version = checkFormat(this.#db, this.file);
    const verdict = this.#db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    if (verdict !== 'ok') throw damaged(this.file, String(verdict));
    const differences = this.#db
      .prepare(
        `SELECT class FROM (SELECT class, count(*) AS found FROM outcomes GROUP BY class) FULL JOIN tally USING (class)
         WHERE coalesce(found, 0) <> coalesce(count, 0)`,
      )
      .all();
    if (differences.length > 0) throw damaged(this.file, 'its counts are not those of its rows');
    return version;
  }

  /** False for one that may become another. */
  #isSameRun({ identity, mayBeginAnew }: JournalOptions): boolean {
    const problems = compareIdentities(readMeta(this.#db).identity, identity);
    if (problems.length === 0) return true;
    if (mayBeginAnew === true && this.#isUntouched()) return false;
    throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  }

  /** Such as that of a command whose list could not be read: nobody loses anything with it. */
  #isUntouched(): boolean {
    const { found } = this.#db
      .prepare('SELECT EXISTS (SELECT 1 FROM outcomes) OR EXISTS (SELECT 1 FROM pages) AS found')
      .get() as { found: number };
    return found === 0;
  }

  #beginAnew({ identity, command }: JournalOptions): void {
    this.#db.exec('BEGIN IMMEDIATE');
    writeMeta(this.#db, { identity, command, createdAt: new Date().toISOString() });
    this.#db.exec('COMMIT');
  }

  #beginSession({ kind, version, command }: JournalOptions): void {
    this.#db.exec('BEGIN IMMEDIATE');
    const { settled } = readCounts(this.#db);
    this.#db
      .prepare(
        `INSERT INTO sessions (kind, pid, host, version, started_at, ended, settled_before)
         VALUES (?, ?, ?, ?, ?, 'running', ?)`,
      )
      .run(kind, process.pid, hostname(), version, new Date().toISOString(), settled);
    writeMeta(this.#db, {
      state: 'running',
      ...(kind === 'retry' ? {} : { targetCount: null }),
      ...(command === null ? {} : { command }),
    });
    this.#db.exec('COMMIT');
  }

  #prepare(): Statements {
    const prepare = (sql: string) => this.#db.prepare(sql);
    return {
      begin: prepare('BEGIN IMMEDIATE'),
      commit: prepare('COMMIT'),
      insert: prepare(`INSERT INTO outcomes (${COLUMNS}) VALUES (${PLACEHOLDERS})`),
      insertPlain: prepare(`INSERT INTO outcomes (${PLAIN_COLUMNS}) VALUES (${PLAIN_VALUES})`),
      insertPlainRows: prepare(
        `INSERT INTO outcomes (${PLAIN_COLUMNS}) VALUES ${`(${PLAIN_VALUES}), `.repeat(PLAIN_ROW_COUNT - 1)}(${PLAIN_VALUES})`,
      ),
      replace: prepare(`INSERT OR REPLACE INTO outcomes (${COLUMNS}) VALUES (${PLACEHOLDERS})`),
      find: prepare(
        'SELECT class, bytes, coalesce(stored_bytes, bytes) AS stored, is_renamed FROM outcomes WHERE idx = ?',
      ),
      tally: prepare(
        `INSERT INTO tally VALUES (?, ?, ?, ?, ?) ON CONFLICT (class) DO UPDATE SET count = count + excluded.count,
         bytes = bytes + excluded.bytes, stored_bytes = stored_bytes + excluded.stored_bytes,
         renamed = renamed + excluded.renamed`,
      ),
    };
  }

  /** A retry has a new last word. */
  #replace(outcome: Outcome, changes: TallyChanges): void {
    const row = this.#statements.find.get(outcome.index);
    if (row !== undefined) changes.takeBack(row);
    this.#statements.replace.run(...toRow(outcome));
  }

  /** @param plain values of rows that wait for as many as one statement takes */
  #insert(outcome: Outcome, plain: SQLInputValue[]): void {
    const row = toPlainRow(outcome);
    if (row === null) {
      this.#statements.insert.run(...toRow(outcome));
      return;
    }
    plain.push(...row);
    if (plain.length < PLAIN_ROW_COUNT * PLAIN_VALUE_COUNT) return;
    this.#statements.insertPlainRows.run(...plain);
    plain.length = 0;
  }

  #transact(write: () => void): void {
    this.#guard(() => {
      this.#statements.begin.run();
      try {
        write();
        this.#statements.commit.run();
      } catch (error) {
        // A full disk may have rolled back by itself.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guard<Result>(work: () => Result): Result {
    return guardJournal(this.file, work);
  }
}

/**
 * Makes a journal that wants nothing but outcomes, and gives it its name only then: nobody ever reads half of one, and a
 * process that dies meanwhile leaves none.
 */
function makeJournalFile(file: string, { identity, command, sink }: JournalOptions): void {
  const part = `${file}.part`;
  // Of a process that died here, or of a journal that somebody took away.
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
