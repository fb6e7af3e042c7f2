// Where records and reports are written. Checked before anything starts: a record that cannot be written is no reason to
// lose a run.

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
    // A pipe is opened once: its reader would take this for the end, and without a reader it would wait for ever.
    if (found?.isFIFO() === true) return accessSync(file, constants.W_OK);
    // Only opening tells: a path may be a directory, lie on a read-only disk, or in a place that takes no files.
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
