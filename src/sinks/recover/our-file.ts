// Checks a file against its intent: intents precede files, so the name may be a stranger's.

import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync, unlinkSync } from 'node:fs';
import type { NameIntent } from '../intent-log.ts';
import { guardWrite } from '../../files/sink-error.ts';

const READ_BYTES = 1024 * 1024;

/** Removes the file at `path` when it holds the very bytes that were claimed. @throws SpillwayError ERR_SINK */
export function removeIfOurs(path: string, { bytes, sha256 }: NameIntent): void {
  guardWrite('remove', path, () => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile() === true && stats.size === bytes && digestOf(path) === sha256) unlinkSync(path);
  });
}

function digestOf(path: string): string {
  const digest = createHash('sha256');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const fd = openSync(path, 'r');
  try {
    for (let count = 1; count > 0; ) {
      count = readSync(fd, buffer);
      digest.update(buffer.subarray(0, count));
    }
  } finally {
    closeSync(fd);
  }
  return digest.digest('hex');
}
