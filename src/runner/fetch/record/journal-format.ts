// The journal's file: its tables, the conversion between outcomes and rows, and the meaning of its errors.
// docs/resume.md describes the rows; a change to them needs a new FORMAT_VERSION and one more step in
// journal-migration.ts.

import { join } from 'node:path';
import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import { checkRow } from './check-record.ts';
import { FAILURES, type FailureCode, SpillwayError } from '../../../model/errors.ts';
import { oneLine } from '../../../model/one-line.ts';
import type { Outcome, SkipReason } from '../../../model/outcome.ts';

export const FORMAT_VERSION = 3;
/** `spwj`: the application id that `file` and SQLite show. */
export const APPLICATION_ID = 0x7370776a;

export function journalFile(directory: string): string {
  return join(directory, 'journal.db');
}

/** Bodies that were begun and are not whole: a row for each, with a `PartialBody` as JSON. */
export const PARTIALS_TABLE = `
  CREATE TABLE partials (idx INTEGER PRIMARY KEY, contents TEXT NOT NULL);
`;

/** Only failed rows have a `detail`, so that they are found without reading the others. */
export const SCHEMA = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE outcomes (
    idx INTEGER PRIMARY KEY, class TEXT NOT NULL, url TEXT NOT NULL, line INTEGER NOT NULL,
    status INTEGER, attempts INTEGER, duration_us INTEGER, bytes INTEGER, wire_bytes INTEGER, sha256 BLOB,
    final_url TEXT, path TEXT, offset_bytes INTEGER, stored_bytes INTEGER, is_renamed INTEGER, detail TEXT,
    etag TEXT, last_modified TEXT, content_type TEXT, redirects INTEGER
  );
  CREATE INDEX failed ON outcomes (idx) WHERE detail IS NOT NULL;
  CREATE TABLE tally (
    class TEXT PRIMARY KEY, count INTEGER NOT NULL, bytes INTEGER NOT NULL, stored_bytes INTEGER NOT NULL,
    renamed INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE sessions (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, version TEXT NOT NULL,
    started_at TEXT NOT NULL, ended_at TEXT, ended TEXT NOT NULL, settled_before INTEGER NOT NULL
  );
  CREATE TABLE pages (
    source INTEGER, number INTEGER, contents TEXT NOT NULL, PRIMARY KEY (source, number)
  ) WITHOUT ROWID;
${PARTIALS_TABLE}  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${FORMAT_VERSION};
`;

/** Columns in the order of `toRow`. */
export const COLUMNS =
  'idx, class, url, line, status, attempts, duration_us, bytes, wire_bytes, sha256, final_url, path, offset_bytes, stored_bytes, is_renamed, detail, etag, last_modified, content_type, redirects';
/** The columns in a journal of an older format, with null for those that it does not have. */
export function columnsOf(version: number): string {
  return version >= 2 ? COLUMNS : COLUMNS.replace(/etag, .*$/u, 'NULL, NULL, NULL, NULL');
}

export const PLACEHOLDERS = COLUMNS.replaceAll(/\w+/gu, '?');

/**
 * The only columns in which most rows of a run differ. Writing them alone hands over a third of the values, which
 * saves 0.4 us of 2.6 a row. `bytes` is also the length as received.
 */
export const PLAIN_COLUMNS =
  'idx, url, line, duration_us, bytes, sha256, path, offset_bytes, stored_bytes, etag, last_modified, content_type, class, status, attempts, is_renamed';
export const PLAIN_VALUES = "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'ok', 200, 1, 0";
export const PLAIN_VALUE_COUNT = 12;

/** The values of `PLAIN_VALUES`; null for an outcome that needs further columns. */
export function toPlainRow(outcome: Outcome): SQLInputValue[] | null {
  if (outcome.kind !== 'ok' || outcome.status !== 200 || outcome.attempts !== 1) return null;
  const { index, url, line, durationMs, bytes, sha256, stored } = outcome;
  if (outcome.wireBytes !== bytes || stored.isRenamed) return null;
  if (outcome.finalUrl !== undefined || outcome.redirects !== undefined) return null;
  const { path, offsetBytes, storedBytes } = stored;
  return [
    index,
    url,
    line,
    Math.round(durationMs * 1e3),
    bytes,
    Buffer.from(sha256, 'hex'),
    path,
    offsetBytes,
    storedBytes === bytes ? null : storedBytes,
    outcome.etag ?? null,
    outcome.lastModified ?? null,
    outcome.contentType ?? null,
  ];
}

/** `ok`, the failure code, or the reason it was skipped. */
export type OutcomeClass = 'ok' | FailureCode | SkipReason;

export function classOf(outcome: Outcome): OutcomeClass {
  if (outcome.kind === 'ok') return 'ok';
  return outcome.kind === 'failed' ? outcome.code : outcome.reason;
}

export function isFailure(name: OutcomeClass): name is FailureCode {
  return Object.hasOwn(FAILURES, name);
}

/** Omits lengths that equal the body's, as most do. */
export function toRow(outcome: Outcome): SQLInputValue[] {
  const { index, url, line } = outcome;
  if (outcome.kind === 'ok') {
    const { bytes, wireBytes, stored } = outcome;
    return [
      index,
      'ok',
      url,
      line,
      outcome.status,
      outcome.attempts,
      Math.round(outcome.durationMs * 1e3),
      bytes,
      wireBytes === bytes ? null : wireBytes,
      Buffer.from(outcome.sha256, 'hex'),
      outcome.finalUrl ?? null,
      stored.path,
      stored.offsetBytes,
      stored.storedBytes === bytes ? null : stored.storedBytes,
      stored.isRenamed ? 1 : 0,
      null,
      outcome.etag ?? null,
      outcome.lastModified ?? null,
      outcome.contentType ?? null,
      outcome.redirects ?? null,
    ];
  }
  const none = (count: number) => Array<null>(count).fill(null);
  if (outcome.kind === 'skipped') return [index, outcome.reason, url, line, ...none(16)];
  const { code, status, attempts, durationMs, detail, finalUrl = null, redirects = null } = outcome;
  const row = [index, code, url, line, status, attempts, Math.round(durationMs * 1e3), ...none(3), finalUrl];
  return [...row, ...none(4), detail, ...none(3), redirects];
}

/** @throws RowProblem for a row that no run writes */
export function fromRow(row: readonly SQLOutputValue[]): Outcome {
  checkRow(row);
  const [index, name, url, line, status, attempts, durationUs, bytes] = row as [
    number,
    OutcomeClass,
    string,
    number,
    number,
    number,
    number,
    number,
  ];
  const finalUrl = row[10] as string | null;
  const redirects = row[19] as number | null;
  const redirected = {
    ...(finalUrl === null ? {} : { finalUrl }),
    ...(redirects === null ? {} : { redirects }),
  };
  if (isFailure(name)) {
    const detail = row[15] as string;
    return {
      kind: 'failed',
      index,
      url,
      line,
      code: name,
      detail,
      status,
      attempts,
      durationMs: durationUs / 1e3,
      ...redirected,
    };
  }
  if (name !== 'ok') return { kind: 'skipped', index, url, line, reason: name };
  const [etag, lastModified, contentType] = row.slice(16, 19) as (string | null)[];
  return {
    kind: 'ok',
    index,
    url,
    line,
    status,
    bytes,
    sha256: Buffer.from(row[9] as Uint8Array).toString('hex'),
    wireBytes: (row[8] as number | null) ?? bytes,
    attempts,
    durationMs: durationUs / 1e3,
    ...redirected,
    ...(etag == null ? {} : { etag }),
    ...(lastModified == null ? {} : { lastModified }),
    ...(contentType == null ? {} : { contentType }),
    stored: {
      path: row[11] as string,
      offsetBytes: row[12] as number,
      storedBytes: (row[13] as number | null) ?? bytes,
      isRenamed: row[14] === 1,
    },
  };
}

/**
 * Returns the format of a journal that this program can read.
 * @throws SpillwayError ERR_JOURNAL when the file is not a journal, or one of a later version of this program
 */
export function checkFormat(db: DatabaseSync, file: string): number {
  const read = (name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  if (read('application_id') !== APPLICATION_ID) {
    throw new SpillwayError(
      'ERR_JOURNAL',
      `${file}: expected the journal of a run, found another file: remove it, or choose another place with --to`,
    );
  }
  checkSchema(db, file);
  const version = read('user_version');
  if (typeof version === 'number' && version >= 1 && version <= FORMAT_VERSION) return version;
  throw new SpillwayError(
    'ERR_JOURNAL',
    `${file}: expected a journal of format 1 to ${FORMAT_VERSION}, found ${String(version)}, which a later version of this program writes: go on with that version, or a later one`,
  );
}

/** Accepts only tables and their indexes: a view or trigger could compute rows without end. */
function checkSchema(db: DatabaseSync, file: string): void {
  for (const { type, name, sql } of db.prepare('SELECT type, name, sql FROM sqlite_schema LIMIT 100').all()) {
    const text = typeof sql === 'string' ? sql : '';
    const isPlain = type === 'table' || type === 'index';
    if (isPlain && text.length < 10_000 && !/VIRTUAL|GENERATED|\bAS\s*\(/iu.test(text)) continue;
    throw damaged(file, `${oneLine(String(type))} ${oneLine(String(name)).slice(0, 100)} is of no journal`);
  }
}

/** SQLite's result codes, without their extension. */
const BUSY = 5;
const READONLY = 8;
const IO_ERROR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOT_A_DATABASE = 26;
/** An unknown table or column, a value that is too long or of another type, a file that is not a database. */
const DAMAGES = new Set([1, CORRUPT, 18, 20, NOT_A_DATABASE]);

export function isBusy(error: unknown): boolean {
  return resultCode(error) === BUSY;
}

function resultCode(error: unknown): number | undefined {
  const { errcode } = error as { readonly errcode?: number };
  return errcode === undefined ? undefined : errcode & 0xff;
}

/** Runs `work` on the journal. @throws SpillwayError as `journalError` has it */
export function guardJournal<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw journalError(file, error);
  }
}

/** Explains what SQLite threw, with what to do about it. Passes errors of this program unchanged. */
export function journalError(file: string, error: unknown): SpillwayError {
  if (error instanceof SpillwayError) return error;
  const code = resultCode(error);
  const problem = oneLine(error instanceof Error ? error.message : String(error)).slice(0, 300);
  // An error that did not come from SQLite was caused by the contents of the file.
  if (code === undefined || DAMAGES.has(code)) return damaged(file, problem, error);
  if (code === CONSTRAINT) {
    return new SpillwayError('ERR_BUG', `${file}: expected one outcome a target, found a second one`, {
      cause: error,
    });
  }
  const advice =
    code === FULL
      ? 'the disk is full: free space there, then resume'
      : code === IO_ERROR
        ? `the disk refused it (${problem}): free space and inodes there or check the disk, then resume`
        : code === READONLY || code === CANTOPEN
          ? `${problem}: make the place writable, and free inodes if there are none, then resume`
          : code === BUSY
            ? 'another program holds it: end that program, then resume'
            : problem;
  return new SpillwayError('ERR_SINK', `could not write ${file}: ${advice}; what is settled stays settled`, {
    cause: error,
  });
}

/** The error for a journal that cannot be trusted: nothing is counted from it. */
export function damaged(file: string, problem: string, cause?: unknown): SpillwayError {
  return new SpillwayError(
    'ERR_JOURNAL',
    `${file}: expected a whole journal, found a damaged one (${problem}): put a copy of it back, or begin again at another place with --to; bodies that were written are still there`,
    { cause },
  );
}
