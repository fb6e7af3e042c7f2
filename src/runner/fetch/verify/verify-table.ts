// Sorts on disk what an audit needs in another order: locations of bodies by path and offset, and the lines of the
// certificate. A private database that SQLite removes by itself, so that memory stays flat at any number of targets.

import { createHash } from 'node:crypto';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { SpillwayError } from '../../../model/errors.ts';

const CACHE_KIB = 16_384;
/** Rows in each transaction. */
const GROUP_COUNT = 10_000;

/** Where the journal says that a body is. */
export interface LocationRow {
  readonly path: string;
  readonly offsetBytes: number;
  readonly storedBytes: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly index: number;
  readonly url: string;
  readonly finalUrl: string;
}

export class VerifyTable implements Disposable {
  readonly #db: DatabaseSync;
  readonly #addLocation: StatementSync;
  readonly #addLine: StatementSync;
  readonly #hasPath: StatementSync;
  #pendingCount = 0;

  constructor() {
    // An empty name makes a private file in the directory for temporary files, which is removed on close.
    this.#db = new DatabaseSync('');
    this.#db.exec(`
      PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA temp_store = FILE; PRAGMA cache_size = -${CACHE_KIB};
      CREATE TABLE locations (
        path TEXT, offset_bytes INTEGER, stored_bytes INTEGER, bytes INTEGER, sha256 TEXT, idx INTEGER, url TEXT,
        final_url TEXT, PRIMARY KEY (path, offset_bytes)
      ) WITHOUT ROWID;
      CREATE TABLE lines (line TEXT NOT NULL);
      BEGIN;
    `);
    this.#addLocation = this.#db.prepare('INSERT OR IGNORE INTO locations VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#addLine = this.#db.prepare('INSERT INTO lines VALUES (?)');
    this.#hasPath = this.#db.prepare('SELECT 1 FROM locations WHERE path = ? LIMIT 1');
  }

  /** Returns false when another body is at that location already. */
  addLocation(row: LocationRow): boolean {
    const { path, offsetBytes, storedBytes, bytes, sha256, index, url, finalUrl } = row;
    const values = [path, offsetBytes, storedBytes, bytes, sha256, index, url, finalUrl];
    return this.#write(this.#addLocation, values) > 0;
  }

  hasPath(path: string): boolean {
    return this.#hasPath.get(path) !== undefined;
  }

  /** Locations by path and offset. */
  *locations(): Generator<LocationRow> {
    const rows = this.#db
      .prepare(
        `SELECT path, offset_bytes AS offsetBytes, stored_bytes AS storedBytes, bytes, sha256, idx AS "index", url,
         final_url AS finalUrl FROM locations ORDER BY path, offset_bytes`,
      )
      .iterate();
    yield* rows as unknown as Iterable<LocationRow>;
  }

  /** Call it before the locations of another run are added. */
  clearLocations(): void {
    this.#db.exec('DELETE FROM locations');
  }

  addLine(target: string, bytes: number, sha256: string): void {
    this.#write(this.#addLine, [`${target}\t${bytes}\t${sha256}`]);
  }

  /** The lines in the order of their bytes, as `LC_ALL=C sort` sorts them. */
  *lines(): Generator<string> {
    for (const { line } of this.#db.prepare('SELECT line FROM lines ORDER BY line').iterate())
      yield `${line as string}\n`;
  }

  digest(): string {
    const digest = createHash('sha256');
    for (const line of this.lines()) digest.update(line);
    return `sha256:${digest.digest('hex')}`;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #write(statement: StatementSync, values: SQLInputValue[]): number {
    try {
      const { changes } = statement.run(...values);
      if (++this.#pendingCount % GROUP_COUNT === 0) this.#db.exec('COMMIT; BEGIN');
      return Number(changes);
    } catch (error) {
      throw new SpillwayError(
        'ERR_SINK',
        `could not sort what was found (${(error as Error).message}): free space for temporary files, or set SQLITE_TMPDIR`,
        { cause: error },
      );
    }
  }
}
