// Cleans the directory of partial bodies when a session begins or ends: keeps bodies that will be continued, and
// removes everything else.

import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { guardWrite } from '../../files/sink-error.ts';

/**
 * Removes everything below `partial` except `kept`.
 * @param kept names relative to `partial`, each one directory and one file
 * @returns those of them that exist
 * @throws SpillwayError ERR_SINK
 */
export function sweepPartial(partial: string, kept: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  guardWrite('clear', partial, () => {
    for (const entry of readdirSync(partial, { withFileTypes: true })) {
      const path = join(partial, entry.name);
      if (!entry.isDirectory()) {
        rmSync(path, { force: true });
        continue;
      }
      for (const name of readdirSync(path)) {
        const file = `${entry.name}/${name}`;
        if (kept.has(file)) found.add(file);
        else rmSync(join(path, name), { recursive: true, force: true });
      }
      removeIfEmpty(path);
    }
  });
  return found;
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // The directory holds a body that will be continued.
  }
}
