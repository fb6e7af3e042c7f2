// Writes records and reports. Checks their files before anything starts, so that no run is lost because its record
// cannot be written.

import { accessSync, closeSync, constants, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError } from '../model/errors.ts';
import { makeDirectory } from '../files/make-directory.ts';

/** Writes one JSON line to a file, or to standard output for `-`. @throws SpillwayError ERR_SINK when it cannot */
export function writeJson(value: unknown, file: string): void {
  const text = `${JSON.stringify(value)}\n`;
  if (file === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new SpillwayError(
      'ERR_SINK',
      `expected to write the record to ${file}, found ${(error as Error).message}; what is printed above is all that is left of it`,
      { cause: error },
    );
  }
}

/** Writes text to a file. @throws SpillwayError ERR_SINK when it cannot */
export function writeText(text: string, file: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new SpillwayError('ERR_SINK', `expected to write ${file}, found ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** @throws SpillwayError ERR_OPTION when `file` cannot be written */
export function checkWritable(file: string): void {
  try {
    const found = statSync(file, { throwIfNoEntry: false });
    // Does not open a pipe: its reader would take the close for the end, and without a reader the open would not
    // return.
    if (found?.isFIFO() === true) return accessSync(file, constants.W_OK);
    // Only an open can tell: the path may be a directory, on a read-only disk, or in a directory that takes no files.
    closeSync(openSync(file, 'a'));
    if (found === undefined) rmSync(file);
  } catch (error) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--json: expected a file that can be written, found ${(error as Error).message}`,
    );
  }
}

/** Makes the directory and those above it. @throws SpillwayError ERR_OPTION when that cannot be done */
export function makeReportDirectory(directory: string): void {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--report: expected a directory that can be written or made, found ${(error as Error).message}`,
    );
  }
}

export function writeFiles(directory: string, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).map(([name, text]) => {
    const file = join(directory, name);
    writeFileSync(file, text);
    return file;
  });
}
