// Where a run's record is, from whatever a person calls the run: the place that `--to` was, or the record itself.

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SpillwayError } from '../../../model/errors.ts';
import { withoutLogins } from '../../../model/shown-url.ts';
import { PACKED_RECORD_ENDING, RECORD_DIRECTORY } from './fetch-place.ts';
import { hasJournal } from './journal-reader.ts';

export interface FoundRun {
  /** The record's directory. */
  readonly record: string;
  /** Directory that paths of stored bodies are relative to. */
  readonly root: string;
  /** What `--to` would be: the directory, or the packed file. */
  readonly place: string;
}

/** The run at `place`; null where there is none. */
export function lookForRun(place: string): FoundRun | null {
  const path = resolve(place);
  const isRecord = basename(path) === RECORD_DIRECTORY || path.endsWith(PACKED_RECORD_ENDING);
  const places = [path];
  if (isRecord)
    places.push(
      basename(path) === RECORD_DIRECTORY ? dirname(path) : path.slice(0, -PACKED_RECORD_ENDING.length),
    );
  const candidates = places.flatMap((place): FoundRun[] => [
    { record: join(place, RECORD_DIRECTORY), root: place, place },
    { record: `${place}${PACKED_RECORD_ENDING}`, root: dirname(place), place },
  ]);
  return candidates.find(({ record }) => hasJournal(record)) ?? null;
}

/** A path as a person would type it here: relative below the working directory, absolute elsewhere. */
export function shownPath(path: string): string {
  const below = relative('.', path);
  return below === '' || below.startsWith('..') ? resolve(path) : below;
}

/** @throws SpillwayError ERR_OPTION when there is no run at `place` */
export function findRun(place: string): FoundRun {
  const found = lookForRun(place);
  if (found !== null) return found;
  const what = existsSync(place)
    ? `a ${statSync(place).isDirectory() ? 'directory' : 'file'} without a record of a run`
    : 'nothing';
  throw new SpillwayError(
    'ERR_OPTION',
    `run: expected what --to was, or results/<time>, found ${what} at "${withoutLogins(place)}"`,
  );
}
