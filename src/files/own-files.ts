// Works on the files of a directory that somebody else may have filled: it never writes, reads or removes
// through a link, and opens regular files only.

import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { writeAll } from './write-all.ts';

/** The stats of `path` itself, without following a link; null where nothing is there. */
export function ownStats(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** What stands at `path` in place of the expected kind; null where the kind is right or nothing is there. */
export function strangeness(path: string, expected: 'file' | 'directory'): string | null {
  const stats = ownStats(path);
  if (stats === null) return null;
  if (expected === 'file' ? stats.isFile() : stats.isDirectory()) return null;
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isFile() ? 'a file' : 'a device or socket';
}

/** Creates a file at `path`, in place of whatever is there (a link itself is replaced). @returns its descriptor */
export function openNew(path: string): number {
  rmSync(path, { force: true });
  return openSync(path, 'wx');
}

/** Opens a file, never through a link, and never one that blocks, such as a FIFO. @throws the system's error */
export function openRegular(path: string, flags: number = constants.O_RDONLY): number {
  return openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Writes `text` to `path`, whole or not at all, in place of what is there. @throws the system's error */
export function replaceFile(path: string, text: string): void {
  const part = `${path}.part`;
  const fd = openNew(part);
  try {
    writeAll(fd, Buffer.from(text));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(part, path);
}

/** True for a relative path of plain parts, which cannot lead out of its directory. */
export function isPlainPath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.length <= 4_096 &&
    !/\p{Cc}/u.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** True where `path` below `root` is a regular file and no part of the way to it is a link. */
export function isOwnFile(root: string, path: string): boolean {
  const parts = path.split('/');
  let above = root;
  for (const part of parts.slice(0, -1)) {
    above = join(above, part);
    if (ownStats(above)?.isDirectory() !== true) return false;
  }
  return ownStats(join(root, path))?.isFile() === true;
}
