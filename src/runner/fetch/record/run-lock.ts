// Allows one process for each run: a lock on a file beside the journal. The operating system holds it and releases it
// when the process ends, however it ends, so no lock is ever stale and no process id has to be trusted.

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SpillwayError } from '../../../model/errors.ts';
import { makeDirectory } from '../../../files/make-directory.ts';
import { guardWrite } from '../../../files/sink-error.ts';
import { strangeness } from '../../../files/own-files.ts';
import { checkRecord } from './check-record.ts';
import { isBusy, journalError } from './journal-format.ts';

export function lockFile(directory: string): string {
  return join(directory, 'lock.db');
}

/** The lock, held until disposed. */
export class RunLock implements Disposable {
  readonly #db: DatabaseSync;

  /**
   * @param directory the run's record directory; made if it does not exist
   * @throws SpillwayError ERR_RUN_LIVE when another process works at the run, ERR_SINK when nothing can be written
   *   there
   */
  constructor(directory: string) {
    guardWrite('make', directory, () => makeDirectory(directory));
    checkRecord(directory);
    const file = lockFile(directory);
    try {
      this.#db = new DatabaseSync(file);
    } catch (error) {
      throw journalError(file, error);
    }
    try {
      this.#db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      this.#db.close();
      if (!isBusy(error)) throw journalError(file, error);
      throw new SpillwayError(
        'ERR_RUN_LIVE',
        `expected a run that nobody works at, found another process at it in ${directory}: wait for its end or stop it (\`spillway status\` tells its id)`,
      );
    }
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

/** True when a process works on the run now. */
export function isRunLive(directory: string): boolean {
  if (strangeness(lockFile(directory), 'file') !== null) return false;
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(lockFile(directory), { readOnly: true });
  } catch {
    // No lock was ever taken.
    return false;
  }
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db.close();
  }
}
