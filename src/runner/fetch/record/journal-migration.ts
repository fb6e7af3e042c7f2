// Brings the journal of an earlier version of this program to the current format, in one transaction: a process
// that dies meanwhile leaves it unchanged. Keeps everything recorded; what an earlier version did not record stays
// unknown.

import type { DatabaseSync } from 'node:sqlite';
import { FORMAT_VERSION, PARTIALS_TABLE } from './journal-format.ts';

/** What each format adds to the one before, by the version that the step leads to. */
const STEPS: Readonly<Record<number, string>> = {
  2: `
    ALTER TABLE outcomes ADD COLUMN etag TEXT;
    ALTER TABLE outcomes ADD COLUMN last_modified TEXT;
    ALTER TABLE outcomes ADD COLUMN content_type TEXT;
    ALTER TABLE outcomes ADD COLUMN redirects INTEGER;
  `,
  3: PARTIALS_TABLE,
};

/** @param version of the journal, 1 or more; does nothing for the current one */
export function migrateJournal(db: DatabaseSync, version: number): void {
  if (version === FORMAT_VERSION) return;
  db.exec('BEGIN IMMEDIATE');
  try {
    for (let next = version + 1; next <= FORMAT_VERSION; next++) db.exec(STEPS[next] as string);
    db.exec(`PRAGMA user_version = ${FORMAT_VERSION}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
