// Makes a directory and its parents step by step. Node's `recursive: true` loops for ever below a directory
// that takes no new ones (such as /proc), because it takes the refusal for a missing parent.

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes the directory unless it exists, with at most one step for each part of the path. @throws the system's
 * error
 */
export function makeDirectory(path: string): void {
  if (tryToMake(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  if (tryToMake(path)) return;
  throw Object.assign(new Error(`${path}: ${parent} takes no new directories`), { code: 'ENOTSUP' });
}

/** False where the parent is missing, or the system reports it as missing. */
function tryToMake(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    // A root or a read-only directory that exists may be refused with a code other than EEXIST.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return true;
    throw error;
  }
}
