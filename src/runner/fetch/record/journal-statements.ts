// The SQL that writes a journal, prepared once for a session.

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { COLUMNS, PLACEHOLDERS, PLAIN_COLUMNS, PLAIN_VALUES } from './journal-format.ts';

/** Rows in each statement: 16 take 2.6 us each, a single one takes 3.1; more gain nothing. */
export const PLAIN_ROW_COUNT = 16;

const PLAIN_ROWS = Array.from({ length: PLAIN_ROW_COUNT }, () => `(${PLAIN_VALUES})`).join(', ');

const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  insert: `INSERT INTO outcomes (${COLUMNS}) VALUES (${PLACEHOLDERS})`,
  /** Inserts an outcome of the most frequent kind, which leaves most columns empty. */
  insertPlain: `INSERT INTO outcomes (${PLAIN_COLUMNS}) VALUES (${PLAIN_VALUES})`,
  insertPlainRows: `INSERT INTO outcomes (${PLAIN_COLUMNS}) VALUES ${PLAIN_ROWS}`,
  replace: `INSERT OR REPLACE INTO outcomes (${COLUMNS}) VALUES (${PLACEHOLDERS})`,
  find: 'SELECT class, bytes, coalesce(stored_bytes, bytes) AS stored, is_renamed FROM outcomes WHERE idx = ?',
  tally: `INSERT INTO tally VALUES (?, ?, ?, ?, ?) ON CONFLICT (class) DO UPDATE SET count = count + excluded.count,
    bytes = bytes + excluded.bytes, stored_bytes = stored_bytes + excluded.stored_bytes,
    renamed = renamed + excluded.renamed`,
  keepPartial: 'INSERT OR REPLACE INTO partials VALUES (?, ?)',
  dropPartial: 'DELETE FROM partials WHERE idx = ?',
  addPage: 'INSERT OR REPLACE INTO pages VALUES (?, ?, ?)',
  findPage: 'SELECT contents FROM pages WHERE source = ? AND number = ?',
  endSession: 'UPDATE sessions SET ended_at = ?, ended = ? WHERE number = (SELECT max(number) FROM sessions)',
  dropSession: 'DELETE FROM sessions WHERE number = (SELECT max(number) FROM sessions)',
} as const;

export type JournalStatements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export function prepareStatements(db: DatabaseSync): JournalStatements {
  const prepared = Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)]);
  return Object.fromEntries(prepared) as JournalStatements;
}
