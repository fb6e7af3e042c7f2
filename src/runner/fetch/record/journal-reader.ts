// Reads the journal for everyone but its writer: meta, counts, and outcomes in the order of their index, in bounded
// memory however many there are. Works beside an active run and on a read-only file system; changes nothing.

import { existsSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { SpillwayError } from '../../../model/errors.ts';
import type { Outcome } from '../../../model/outcome.ts';
import type { JournalCounts, JournalMeta, RunSession } from '../../../model/run-journal.ts';
import { checkRecord, MAX_VALUE_BYTES } from './check-record.ts';
import { readCounts, readMeta, readNextIndex, readSessions } from './journal-meta.ts';
import {
  checkFormat,
  columnsOf,
  fromRow,
  guardJournal,
  journalFile,
  type OutcomeClass,
} from './journal-format.ts';

/** Rows read at once; no read stays open between them, so that an active run can fold its log into its file. */
const CHUNK_COUNT = 512;

export interface OutcomeFilter {
  /** Starts at this index. @default 0 */
  readonly from?: number;
  /** @default all */
  readonly kind?: 'failed';
}

/** The part of a row that tells whether a target is settled, and how. */
export interface LastWord {
  readonly index: number;
  readonly class: OutcomeClass;
  readonly url: string;
}

/** True when a run has left a journal in this record directory. */
export function hasJournal(directory: string): boolean {
  return existsSync(journalFile(directory));
}

export class JournalReader implements Disposable {
  readonly file: string;
  readonly #db: DatabaseSync;
  readonly #columns: string;

  /**
   * @param directory the run's record directory
   * @throws SpillwayError ERR_OPTION when there is no journal, ERR_JOURNAL when it is damaged or of another format
   */
  constructor(directory: string) {
    this.file = journalFile(directory);
    if (!existsSync(this.file)) {
      throw new SpillwayError(
        'ERR_OPTION',
        `run: expected the place of a fetch, found no journal in "${directory}"`,
      );
    }
    checkRecord(directory);
    this.#db = openReadOnly(this.file);
    this.#columns = this.#guard(() => columnsOf(checkFormat(this.#db, this.file)));
  }

  meta(): JournalMeta {
    return this.#guard(() => readMeta(this.#db));
  }

  /** Counts of all sessions together, as of the last transaction. */
  counts(): JournalCounts {
    return this.#guard(() => readCounts(this.#db));
  }

  sessions(): RunSession[] {
    return this.#guard(() => readSessions(this.#db));
  }

  /** The index after the highest that is settled; 0 without any. Indexes below it may be unsettled. */
  nextIndex(): number {
    return this.#guard(() => readNextIndex(this.#db));
  }

  /** Settled targets by index; skips indexes that are not settled. */
  *outcomes({ from = 0, kind }: OutcomeFilter = {}): Generator<Outcome> {
    const which = kind === 'failed' ? 'detail IS NOT NULL AND ' : '';
    const statement = this.#guard(() =>
      this.#db.prepare(`SELECT ${this.#columns} FROM outcomes WHERE ${which}idx >= ? ORDER BY idx LIMIT ?`),
    );
    for (let next = from; ; ) {
      const rows = this.#guard(() => this.#chunk(statement, next).map((row) => fromRow(row)));
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < CHUNK_COUNT) return;
      next = last.index + 1;
    }
  }

  /** The same, without what only a settled target has. */
  *lastWords(from = 0): Generator<LastWord> {
    const statement = this.#guard(() =>
      this.#db.prepare('SELECT idx, class, url FROM outcomes WHERE idx >= ? ORDER BY idx LIMIT ?'),
    );
    for (let next = from; ; ) {
      const rows = this.#chunk(statement, next);
      for (const [index, name, url] of rows)
        yield { index: index as number, class: name as OutcomeClass, url: url as string };
      if (rows.length < CHUNK_COUNT) return;
      next = (rows.at(-1)?.[0] as number) + 1;
    }
  }

  /** Counts failures with an HTTP status, by status. */
  statuses(): Record<string, number> {
    const sql = `SELECT status, count(*) AS count FROM outcomes WHERE detail IS NOT NULL AND class = 'http-status'
      GROUP BY status ORDER BY status`;
    const rows = this.#guard(() => this.#db.prepare(sql).all());
    return Object.fromEntries(rows.map(({ status, count }) => [String(status), count as number]));
  }

  /** The first index without an outcome: all indexes below it are settled. */
  settledUpTo(): number {
    const top = this.nextIndex();
    let gaps = top - this.counts().settled;
    if (gaps <= 0) return top;
    // Searches from the top, because gaps lie near it, where the run was active.
    const statement = this.#guard(() => this.#db.prepare('SELECT idx FROM outcomes ORDER BY idx DESC'));
    let above = top;
    for (const { idx } of statement.iterate()) {
      const index = idx as number;
      gaps -= above - index - 1;
      if (gaps <= 0) return index + 1;
      above = index;
    }
    return 0;
  }

  /** Pages of list APIs that are recorded; null without any. */
  pageCount(): number | null {
    const count = this.#guard(() => this.#db.prepare('SELECT count(*) AS count FROM pages').get()?.['count']);
    return count === 0 ? null : (count as number);
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #chunk(statement: StatementSync, from: number): SQLOutputValue[][] {
    return this.#guard(() => {
      statement.setReturnArrays(true);
      return statement.all(from, CHUNK_COUNT) as unknown as SQLOutputValue[][];
    });
  }

  #guard<Result>(read: () => Result): Result {
    return guardJournal(this.file, read);
  }
}

const READ_ONLY = { readOnly: true, limits: { length: MAX_VALUE_BYTES } } as const;

/** Without a write-ahead log the file does not change, so it is opened as immutable, which needs no lock file. */
function openReadOnly(file: string): DatabaseSync {
  return guardJournal(file, () => {
    if (existsSync(`${file}-wal`)) return new DatabaseSync(file, READ_ONLY);
    const url = pathToFileURL(file);
    url.search = 'immutable=1';
    return new DatabaseSync(url, READ_ONLY);
  });
}
