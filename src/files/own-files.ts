// Files of a directory that somebody else may have filled: nothing is written, read or removed through a link, and only
// regular files are opened.

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

/** What stands at `path` itself, links not followed; null for nothing. */
export function ownStats(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/** What is wrong with `path` as a place of ours; null where nothing is, or nothing is there. */
export function strangeness(path: string, expected: 'file' | 'directory'): string | null {
  const stats = ownStats(path);
  if (stats === null) return null;
  if (expected === 'file' ? stats.isFile() : stats.isDirectory()) return null;
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a pipe';
  return stats.isFile() ? 'a file' : 'a device or socket';
}

/** A new file at `path`, which replaces whatever stands there, a link itself included. @returns its descriptor */
export function openNew(path: string): number {
  rmSync(path, { force: true });
  return openSync(path, 'wx');
}

/** A file for reading; never through a link, and never one that would be waited for. @throws what the system says */
export function openRegular(path: string, flags: number = constants.O_RDONLY): number {
  return openSync(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/** Puts `text` at `path`, whole or not at all, in place of what stands there. @throws what the system says */
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

/** True for a relative path of plain parts, which leads out of no directory. */
export function isPlainPath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.length <= 4_096 &&
    !/\p{Cc}/u.test(path) &&
    path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** True when `path` below `root` is a regular file that is reached through directories alone, and through no link. */
export function isOwnFile(root: string, path: string): boolean {
  const parts = path.split('/');
  let above = root;
  for (const part of parts.slice(0, -1)) {
    above = join(above, part);
    if (ownStats(above)?.isDirectory() !== true) return false;
  }
  return ownStats(join(root, path))?.isFile() === true;
}
