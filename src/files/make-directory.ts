// Makes a directory and those above it, step by step: Node's `recursive: true` goes round for ever where a place takes
// no directories (below /proc), because it takes the refusal for a parent that is missing.

import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Does nothing where it is there already. At most one step for each part of the path. @throws what the system says */
export function makeDirectory(path: string): void {
  if (tryToMake(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  if (tryToMake(path)) return;
  throw Object.assign(new Error(`${path}: ${parent} is there and takes no directories`), { code: 'ENOTSUP' });
}

/** False when what is above it is missing, or seems to be. */
function tryToMake(path: string): boolean {
  try {
    mkdirSync(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    // A root or a read-only place refuses with other words than EEXIST what is there all the same.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return true;
    throw error;
  }
}
