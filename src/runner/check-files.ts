// Checks that this process may open the files that a fetch cannot begin without. With fewer, Node.js itself fails an
// assertion when a thread starts and ends without a message that says why.

import { countReservedFiles } from '../limits/capacity.ts';
import { FactReader } from '../limits/fact-reader.ts';
import { readFiles } from '../limits/files.ts';

/** What the record of a run opens: the journal with its log and lock, and the report. */
const RECORD_FILE_COUNT = 8;
/** What a worker opens besides its thread: its claims, bodies on their way to a file, and the first connections. */
const WORKER_FILE_COUNT = 7;

/** The problem, if there is one, as a line for a person. A limit that cannot be read counts as high enough. */
export function checkFiles(workerCount: number): string[] {
  const files = readFiles(new FactReader({}));
  if (typeof files.softCount !== 'number') return [];
  const neededCount =
    countReservedFiles({ files }, { workerCount }) + RECORD_FILE_COUNT + WORKER_FILE_COUNT * workerCount;
  if (files.softCount >= neededCount) return [];
  return [
    `open files: expected room for ${neededCount} with ${workerCount} worker(s), found a limit of ${files.softCount}: ` +
      'raise `ulimit -n` or lower --cores; `spillway doctor` shows the limit',
  ];
}
