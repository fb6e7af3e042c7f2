// What the file system refused where the runner writes itself: the record of a run and the directories of its bodies.

import { SpillwayError } from '../model/errors.ts';

/** Runs `operation`. @throws SpillwayError ERR_SINK that names `path`, with what to do about it */
export function guardPlace<Result>(path: string, operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    throw new SpillwayError(
      'ERR_SINK',
      `could not write ${path}: ${problem}: free space or inodes there, or choose another place with --to`,
      { cause: error },
    );
  }
}
