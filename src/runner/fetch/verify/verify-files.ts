// Audits the bodies of a run that each have a file: reads and compares them, and names files that belong to no
// target.

import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { OkOutcome } from '../../../model/outcome.ts';
import { isOwnFile, ownStats } from '../../../files/own-files.ts';
import { RECORD_DIRECTORY } from '../record/fetch-output.ts';
import type { VerifyAudit } from './verify-audit.ts';
import type { VerifyTable } from './verify-table.ts';

/** Files up to this size are read in one piece. */
const WHOLE_BYTES = 1024 * 1024;

export async function checkFile(root: string, outcome: OkOutcome, audit: VerifyAudit): Promise<void> {
  const { url, stored, bytes, sha256 } = outcome;
  const { path } = stored;
  const file = join(root, path);
  const stats = isOwnFile(root, path) ? ownStats(file) : null;
  if (stats === null) {
    const isThere = ownStats(file) !== null;
    audit.blame('missing', path, isThere ? 'recorded, and no file there' : 'recorded, and not there');
  } else if (stats.size !== bytes) {
    const kind = stats.size < bytes ? 'torn' : 'changed';
    audit.blame(kind, path, `expected ${bytes} bytes, found ${stats.size}`);
  } else if ((await digestOf(file, bytes)) !== sha256) {
    audit.blame('changed', path, `expected SHA-256 ${sha256}, found another`);
  } else {
    audit.approve(url, bytes, sha256);
  }
}

/** Reports every file that no target is recorded at. */
export async function findStrangers(root: string, audit: VerifyAudit, table: VerifyTable): Promise<void> {
  for await (const path of walk(root))
    if (!table.hasPath(path)) audit.blame('stranger', path, 'not in the record of the run');
}

async function digestOf(file: string, bytes: number): Promise<string> {
  if (bytes <= WHOLE_BYTES) return hash('sha256', readFileSync(file));
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: WHOLE_BYTES }))
    digest.update(chunk as Buffer);
  return digest.digest('hex');
}

/** Files below `root` except the run's record, with "/" between parts. */
export async function* walk(root: string): AsyncGenerator<string> {
  const directories = [root];
  for (let directory = directories.pop(); directory !== undefined; directory = directories.pop()) {
    for await (const entry of await opendir(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (path !== join(root, RECORD_DIRECTORY)) directories.push(path);
      } else {
        yield relative(root, path).replaceAll('\\', '/');
      }
    }
  }
}
