// Whether this process may open what a fetch cannot begin without. With fewer files Node.js itself ends by an assertion
// when a thread starts, and nobody learns why.

import { FactReader } from '../limits/fact-reader.ts';
import { readFiles } from '../limits/files.ts';

/** Journal, record, name lookups and the first connections. */
const RUN_FILE_COUNT = 16;
/** A thread's event loop, its waiting bodies and its claims. */
const WORKER_FILE_COUNT = 12;

/** The problem, if there is one, as a line for a person. What cannot be read is taken for enough. */
export function checkFiles(workerCount: number): string[] {
  const { softCount, inUseCount } = readFiles(new FactReader({}));
  if (typeof softCount !== 'number' || inUseCount === null) return [];
  const neededCount = inUseCount + RUN_FILE_COUNT + WORKER_FILE_COUNT * workerCount;
  if (softCount >= neededCount) return [];
  return [
    `open files: expected room for ${neededCount} with ${workerCount} worker(s), found a limit of ${softCount}: ` +
      'raise `ulimit -n` or lower --cores; `spillway doctor` shows the limit',
  ];
}
