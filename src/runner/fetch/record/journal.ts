// The durable record of what is settled, and its one writer. A group of outcomes is one transaction, committed before
// it is counted: what the account says survives the death of this process, and no target is settled twice. Others
// read it through journal-reader. Knows neither sources nor sinks.

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
  readonly #statements: JournalStatements;
  /** Targets of which a body is begun. */
  readonly #begun: Set<number>;
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
   * Records outcomes. When it returns they survive the death of this process; none or all of the group are there.
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

  /** Keeps what it takes to go on with a body. @throws SpillwayError ERR_SINK */
  keepPartial(index: number, partial: PartialBody): void {
    this.#begun.add(index);
    this.#guard(() => this.#statements.keepPartial.run(index, partialAsStored(partial)));
  }

  /** It is whole, or cannot be gone on with. @throws SpillwayError ERR_SINK */
  dropPartial(index: number): void {
    this.#begun.delete(index);
    this.#guard(() => this.#statements.dropPartial.run(index));
  }

  /** Keeps a page of a list API, so that it is never asked for again. @throws SpillwayError ERR_SINK */
  addPage(source: number, number: number, contents: string): void {
    this.#guard(() => this.#statements.addPage.run(source, number, contents));
  }

  /** The kept page `number` of source `source`; null where the walk has not come so far. */
  page(source: number, number: number): string | null {
    const row = this.#guard(() => this.#statements.findPage.get(source, number));
    return (row?.['contents'] as string | undefined) ?? null;
  }

  /** URLs of targets held a login, which no row keeps. */
  noteLogins(): void {
    this.#guard(() => writeMeta(this.#db, { hadLogins: true }));
  }

  /**
   * Brings what is recorded to the disk itself. What tells bodies of ours from others' is removed only after it: a loss of
   * power must not take the rows of bodies whose intents are gone. @throws SpillwayError ERR_SINK
   */
  sync(): void {
    this.#guard(() => this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)'));
  }

  /** What was in flight when threads died, so that a run that goes on finds the target that kills them. */
  noteDeaths(deaths: ReadonlyMap<number, number>): void {
    this.#guard(() => writeMeta(this.#db, { deaths: Object.fromEntries(deaths) }));
  }

  /** Ends this session, and says in which state it leaves the run. @throws SpillwayError ERR_SINK */
  finish(state: RunState, targetCount: number | null): void {
    this.#transact(() => {
      writeMeta(this.#db, { state, ...(targetCount === null ? {} : { targetCount }) });
      this.#statements.endSession.run(new Date().toISOString(), state);
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
      this.#statements.dropSession.run();
    });
  }

  /** Folds the log into the file and lets go of the run. */
  [Symbol.dispose](): void {
    this.#db.close();
    // As long as nobody else can have begun a run there.
    if (this.#leavesNothing) rmSync(dirname(this.file), { recursive: true, force: true });
    this.#lock[Symbol.dispose]();
  }

  /** A failure that another attempt may mend is gone on with by a retry. */
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
