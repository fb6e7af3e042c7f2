// What the file system refused, said so that a person can mend it: the operation, the path, and what to free.

import { SpillwayError } from '../model/errors.ts';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space there, or choose another place with --to',
  EDQUOT: 'the disk quota is used up: free space there, or choose another place with --to',
  EROFS: 'the file system is read-only: choose another place with --to',
  EACCES: 'permission denied: choose a place you may write to with --to',
  EPERM: 'permission denied: choose a place you may write to with --to',
  EMFILE: 'no file descriptor is left: lower --max-in-flight or raise `ulimit -n`',
  ENFILE: 'the system has no file descriptor left: close other programs',
  ENOENT: 'the directory is gone: was it removed during the run?',
  EIO: 'the disk reported an error: check it, then choose another place with --to',
};

/** Runs `operation`; what it throws becomes an ERR_SINK that names `what` was done and what to do about it. */
export function guardWrite<Result>(what: string, operation: () => Result): Result {
  try {
    return operation();
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const advice = (code === undefined ? undefined : ADVICE[code]) ?? message;
    throw new SpillwayError('ERR_SINK', `could not ${what}: ${advice} (${code ?? 'no code'})`, {
      cause: error,
    });
  }
}
