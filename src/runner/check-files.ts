// Whether this process may open what a fetch cannot begin without. With fewer files Node.js itself ends by an assertion
// when a thread starts, and nobody learns why.

import { countReservedFiles } from '../limits/capacity.ts';
import { FactReader } from '../limits/fact-reader.ts';
import { readFiles } from '../limits/files.ts';

/** Besides what every run keeps for itself: the journal with its log and lock, and the report. */
const RECORD_FILE_COUNT = 8;
/** Besides a thread's own: its claims, bodies on their way to a file, and the first connections. */
const WORKER_FILE_COUNT = 7;

/** The problem, if there is one, as a line for a person. What cannot be read is taken for enough. */
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
