// Turns an error of the file system into a message that a person can act on: the operation, the path, and
// what to free.

import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { SpillwayError } from '../model/errors.ts';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: free space there, or choose another place with --to',
  EDQUOT: 'the disk quota is used up: free space or files there, or have the quota raised',
  EFBIG: 'the file would be larger than the file system or `ulimit -f` allows: lower --segment-size',
  EROFS: 'the file system is read-only: make it writable, or choose another place with --to',
  EACCES: 'permission denied: choose a place you may write to with --to',
  EPERM: 'permission denied: choose a place you may write to with --to',
  EMFILE:
    'no file descriptor is left: lower --max-in-flight or raise `ulimit -n`; `spillway doctor` shows the limit',
  ENFILE:
    'the system has no file descriptor left: close other programs, or raise `sysctl fs.file-max`; `spillway doctor` shows the limit',
  ENOENT: 'the directory is gone: was it removed during the run?',
  ENOTDIR: 'a file is where a directory should be: move it away, or choose another place with --to',
  ENAMETOOLONG: 'the name is too long for this file system: shorten it with --name',
  EEXIST: 'it is there already and is not of this run: move it away, or choose another place with --to',
  EPIPE: 'whoever read from it is gone',
  EIO: 'the disk reported an error: check it, then choose another place with --to',
};

/**
 * Runs `operation`; an error becomes an ERR_SINK that names what was done (`what`) to `path`, and what to do
 * about it.
 * @param option the option that chose the path
 */
export function guardWrite<Result>(
  what: string,
  path: string,
  operation: () => Result,
  option = '--to',
): Result {
  try {
    return operation();
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    throw sinkError(`${what} ${path}`, path, error as NodeJS.ErrnoException, option);
  }
}

function sinkError(what: string, path: string, cause: NodeJS.ErrnoException, option: string): SpillwayError {
  const { code, message } = cause;
  const advice =
    (code === 'ENOSPC' ? diskFullText(path) : undefined) ??
    (code === undefined ? undefined : ADVICE[code]) ??
    message;
  const text = `could not ${what}: ${advice.replaceAll('--to', option)} (${code ?? 'no code'})`;
  return new SpillwayError('ERR_SINK', text, { cause });
}

/** A write takes 128 KB at most: where this much is left, the space was not what the disk lacked. */
const SPACE_LEFT_BYTES = 1024 * 1024;
/** Other files of the run may have gone since the write failed, as many as it had in flight. */
const FEW_INODES = 10_000;

/** ENOSPC has two causes; freeing bytes does not help where the inodes are used up. */
function diskFullText(path: string): string | undefined {
  try {
    const { files, ffree, bavail, bsize } = statfsSync(dirname(path));
    const leftBytes = bavail * bsize;
    const areInodesUsedUp = ffree === 0 || (ffree < FEW_INODES && leftBytes >= SPACE_LEFT_BYTES);
    return files > 0 && areInodesUsedUp
      ? `no inode is left for another file (${files - ffree} of ${files} are used): remove files there, or store them packed with --to FILE.tar`
      : `the disk is full (${leftBytes} bytes left): free space there, or choose another place with --to`;
  } catch {
    return undefined;
  }
}
