// The durable record of what is settled, and its only writer. A group of outcomes is one transaction, committed
// before it is counted: everything the account counts survives the death of this process, and no target is settled
// twice. All other code reads it through journal-reader.ts. Knows neither sources nor sinks.

import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { Outcome } from '../../../model/outcome.ts';
import type { JournalCounts, JournalMeta, RunSession, RunState } from '../../../model/run-journal.ts';
import type { PartialBody } from '../../../model/body/partial-body.ts';
import { isRetryable } from '../../../model/retry-policy.ts';
import { guardJournal, journalFile, PLAIN_VALUE_COUNT, toPlainRow, toRow } from './journal-format.ts';
import {
  readCounts,
  readMeta,
  readNextIndex,
  partialAsStored,
  readPartials,
  readSessions,
  writeMeta,
} from './journal-meta.ts';
import { type JournalStatements, PLAIN_ROW_COUNT, prepareStatements } from './journal-statements.ts';
import { type JournalOptions, openJournal } from './open-journal.ts';
import { RunLock } from './run-lock.ts';
import { TallyChanges } from './tally-changes.ts';

export class Journal implements Disposable {
  readonly file: string;
  /** True when the file held a run before: this session continues it. */
  readonly isContinued: boolean;
  /** True when the run in the file, in which nothing was settled, was replaced by another one. */
  readonly isBegunAnew: boolean;
  /** True when an earlier session read the sources to their end: a retry may have been interrupted since. */
  readonly wasDone: boolean;
  /** Targets below this index may be settled by an earlier session; none from it on is. */
  readonly nextIndex: number;
  /** The run's meta as it was before this session. */
  readonly #metaBefore: JournalMeta;
  readonly #lock: RunLock;
  readonly #db: DatabaseSync;
  readonly #statements: JournalStatements;
  /** Targets whose body is begun. */
  readonly #begun: Set<number>;
  #leavesNothing = false;

  /**
   * Takes the run for this process; makes the journal, or continues the one that is there.
   * @throws SpillwayError ERR_RUN_LIVE when another process has the run, ERR_OPTION when it is a run of another
   *   source or other options, ERR_JOURNAL when it is damaged, ERR_SINK when it cannot be written
   */
  constructor(options: JournalOptions) {
    this.file = journalFile(options.directory);
    using undo = new DisposableStack();
    this.#lock = undo.use(new RunLock(options.directory));
    const { db, isContinued, isBegunAnew, metaBefore } = openJournal(this.file, options);
    undo.defer(() => db.close());
    this.#db = db;
    this.isContinued = isContinued;
    this.isBegunAnew = isBegunAnew;
    this.#metaBefore = metaBefore;
    this.wasDone = metaBefore.targetCount !== null;
    this.nextIndex = this.#guard(() => readNextIndex(db));
    this.#statements = this.#guard(() => prepareStatements(db));
    this.#begun = new Set(this.partials().keys());
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
   * Records outcomes, all of the group or none. Once it returns, they survive the death of this process.
   * @throws SpillwayError ERR_SINK when the journal cannot be written, ERR_BUG when a target is settled twice
   */
  add(outcomes: readonly Outcome[]): void {
    if (outcomes.length === 0) return;
    this.#transact(() => {
      const changes = new TallyChanges();
      const plain: SQLInputValue[] = [];
      for (const outcome of outcomes) {
        changes.add(outcome);
        if (this.#begun.size > 0 && this.#begun.has(outcome.index)) this.#endPartial(outcome);
        if (outcome.index >= this.nextIndex) this.#insert(outcome, plain);
        else this.#replace(outcome, changes);
      }
      for (let at = 0; at < plain.length; at += PLAIN_VALUE_COUNT)
        this.#statements.insertPlain.run(...plain.slice(at, at + PLAIN_VALUE_COUNT));
      for (const row of changes.rows()) this.#statements.tally.run(...row);
    });
  }

  /** Bodies that were begun and are not whole, by target. */
  partials(): Map<number, PartialBody> {
    return this.#guard(() => readPartials(this.#db));
  }

  /** Records what is needed to continue a body. @throws SpillwayError ERR_SINK */
  keepPartial(index: number, partial: PartialBody): void {
    this.#begun.add(index);
    this.#guard(() => this.#statements.keepPartial.run(index, partialAsStored(partial)));
  }

  /** Forgets a body that is whole, or cannot be continued. @throws SpillwayError ERR_SINK */
  dropPartial(index: number): void {
    this.#begun.delete(index);
    this.#guard(() => this.#statements.dropPartial.run(index));
  }

  /** Records a page of a list API, so that it is never requested again. @throws SpillwayError ERR_SINK */
  addPage(source: number, number: number, contents: string): void {
    this.#guard(() => this.#statements.addPage.run(source, number, contents));
  }

  /** The recorded page `number` of source `source`; null where the walk has not come so far. */
  page(source: number, number: number): string | null {
    const row = this.#guard(() => this.#statements.findPage.get(source, number));
    return (row?.['contents'] as string | undefined) ?? null;
  }

  /** Notes that URLs of targets held a login, which no row keeps. */
  noteLogins(): void {
    this.#guard(() => writeMeta(this.#db, { hadLogins: true }));
  }

  /**
   * Brings everything recorded to the disk (fsync). Intents, which tell our bodies from other files, are removed only
   * afterwards: otherwise a loss of power could take the rows of bodies whose intents are gone.
   * @throws SpillwayError ERR_SINK
   */
  sync(): void {
    this.#guard(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  }

  /** Records what was in flight when threads died, so that a continued run finds the target that kills them. */
  noteDeaths(deaths: ReadonlyMap<number, number>): void {
    this.#guard(() => writeMeta(this.#db, { deaths: Object.fromEntries(deaths) }));
  }

  /** Ends this session and records the state of the run. @throws SpillwayError ERR_SINK */
  finish(state: RunState, targetCount: number | null): void {
    this.#transact(() => {
      writeMeta(this.#db, { state, ...(targetCount === null ? {} : { targetCount }) });
      this.#statements.endSession.run(new Date().toISOString(), state);
    });
  }

  /**
   * Withdraws this session, which recorded nothing: restores the run as it was before. If the session made the
   * record, its directory is removed on disposal.
   * @throws SpillwayError ERR_SINK
   */
  withdraw(): void {
    this.#leavesNothing = !this.isContinued;
    if (this.#leavesNothing) return;
    this.#transact(() => {
      writeMeta(this.#db, this.#metaBefore);
      this.#statements.dropSession.run();
    });
  }

  /** Folds the log into the file and releases the run. */
  [Symbol.dispose](): void {
    this.#db.close();
    // Happens before the lock is released, so that nobody else can have begun a run there.
    if (this.#leavesNothing) rmSync(dirname(this.file), { recursive: true, force: true });
    this.#lock[Symbol.dispose]();
  }

  /** Keeps the body of a failure that another attempt may mend: a retry continues it. */
  #endPartial(outcome: Outcome): void {
    if (outcome.kind === 'failed' && isRetryable(outcome.code, outcome.status)) return;
    this.dropPartial(outcome.index);
  }

  /** Replaces the outcome of a target that is retried. */
  #replace(outcome: Outcome, changes: TallyChanges): void {
    const row = this.#statements.find.get(outcome.index);
    if (row !== undefined) changes.takeBack(row);
    this.#statements.replace.run(...toRow(outcome));
  }

  /** @param plain collects values of plain rows until there are as many as one statement takes */
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
        // SQLite may already have rolled back, as on a full disk.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  #guard<Result>(work: () => Result): Result {
    return guardJournal(this.file, work);
  }
}
