// Finds a run's record from whatever a person calls the run: the output that `--to` named, or the record itself.

import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SpillwayError } from '../../../model/errors.ts';
import { withoutLogins } from '../../../model/shown-url.ts';
import { PACKED_RECORD_ENDING, RECORD_DIRECTORY } from './fetch-output.ts';
import { hasJournal } from './journal-reader.ts';

export interface FoundRun {
  /** The record's directory. */
  readonly record: string;
  /** Directory that paths of stored bodies are relative to. */
  readonly root: string;
  /** The matching `--to`: the directory, or the packed file. */
  readonly output: string;
}

/** The run that a person calls `name`; null where there is none. */
export function lookForRun(name: string): FoundRun | null {
  const path = resolve(name);
  const isRecord = basename(path) === RECORD_DIRECTORY || path.endsWith(PACKED_RECORD_ENDING);
  const outputs = [path];
  if (isRecord)
    outputs.push(
      basename(path) === RECORD_DIRECTORY ? dirname(path) : path.slice(0, -PACKED_RECORD_ENDING.length),
    );
  const candidates = outputs.flatMap((output): FoundRun[] => [
    { record: join(output, RECORD_DIRECTORY), root: output, output },
    { record: `${output}${PACKED_RECORD_ENDING}`, root: dirname(output), output },
  ]);
  return candidates.find(({ record }) => hasJournal(record)) ?? null;
}

/** A path as a person would type it here: relative below the working directory, absolute elsewhere. */
export function shownPath(path: string): string {
  const below = relative('.', path);
  return below === '' || below.startsWith('..') ? resolve(path) : below;
}

/** @throws SpillwayError ERR_OPTION when there is no run at `name` */
export function findRun(name: string): FoundRun {
  const found = lookForRun(name);
  if (found !== null) return found;
  const what = existsSync(name)
    ? `a ${statSync(name).isDirectory() ? 'directory' : 'file'} without a record of a run`
    : 'nothing';
  throw new SpillwayError(
    'ERR_OPTION',
    `run: expected what --to was, or results/<time>, found ${what} at "${withoutLogins(name)}"`,
  );
}
