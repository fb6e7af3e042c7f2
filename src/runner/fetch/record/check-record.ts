// Checks a run's record, which may come from a stranger: the files before any of them is opened, and each row
// before its values are used.

import { join } from 'node:path';
import { FAILURES, SpillwayError } from '../../../model/errors.ts';
import { isPlainPath, strangeness } from '../../../files/own-files.ts';

/** A journal opened here holds no text or blob longer than this: a page of a list API is the longest. */
export const MAX_VALUE_BYTES = 256 * 2 ** 20;
/** Limit for a URL, a path, a detail. */
const MAX_TEXT_CHARACTERS = 4 * 2 ** 20;
const FILES = [
  'journal.db',
  'journal.db-wal',
  'journal.db-shm',
  'journal.db-journal',
  'lock.db',
  'lock.db-journal',
];
const SKIPS = new Set(['duplicate', 'drift', 'robots', 'stopped']);

/** A row or a note of a journal that no run of this program writes. */
export class RowProblem extends Error {}

/** @throws SpillwayError ERR_JOURNAL when a part of the record is a link, a pipe or a device */
export function checkRecord(directory: string): void {
  const entries = [
    [directory, 'directory'],
    [join(directory, 'partial'), 'directory'],
    ...FILES.map((name) => [join(directory, name), 'file'] as const),
  ] as const;
  for (const [path, expected] of entries) {
    const found = strangeness(path, expected);
    if (found === null) continue;
    throw new SpillwayError(
      'ERR_JOURNAL',
      `${path}: expected a ${expected} of a run's record, found ${found}: no run makes it, so look at it, then remove it or choose another place`,
    );
  }
}

/** Checks the columns of `outcomes` up to `detail`. @throws RowProblem */
export function checkRow(row: readonly unknown[]): void {
  const [index, name, url, line] = row;
  const where = `row ${String(index).slice(0, 20)}`;
  const must = (isRight: boolean, what: string) => {
    if (!isRight) throw new RowProblem(`${where}: ${what} is not what a run writes`);
  };
  must(isCount(index), 'its index');
  must(isClass(name), 'its class');
  must(isText(url), 'its URL');
  must(isCount(line), 'its line');
  for (const at of [4, 5, 6, 7, 8, 12, 13, 14])
    must(row[at] === null || isCount(row[at]), `its column ${at}`);
  must(row[10] == null || isText(row[10]), 'where it was redirected to');
  // Text as a server sent it, which is shown only as JSON.
  for (const at of [16, 17, 18]) must(row[at] == null || typeof row[at] === 'string', `its column ${at}`);
  if (name === 'ok') {
    for (const at of [4, 5, 6, 7, 12]) must(isCount(row[at]), `its column ${at}`);
    must(row[9] instanceof Uint8Array && row[9].length === 32, 'its SHA-256');
    must(row[11] === '' || isPlainPath(row[11]), 'its path');
  } else if (Object.hasOwn(FAILURES, name as string)) must(isText(row[15]), 'its detail');
}

/** `ok`, a failure's code or the reason of a skip. */
export function isClass(name: unknown): name is string {
  return typeof name === 'string' && (name === 'ok' || Object.hasOwn(FAILURES, name) || SKIPS.has(name));
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A line of a list that is no URL is kept unchanged; the code that shows it escapes it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT_CHARACTERS;
}
