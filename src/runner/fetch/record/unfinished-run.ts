// Finds the run below `results/` that a command continues when it is typed again without an output.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SpillwayError } from '../../../model/errors.ts';
import type { RunIdentity } from '../../../model/run-journal.ts';
import { RECORD_DIRECTORY, RESULTS } from './fetch-output.ts';
import { compareIdentities } from './compare-identities.ts';
import { hasJournal, JournalReader } from './journal-reader.ts';
import { isRunLive } from './run-lock.ts';

/** How many runs are searched, newest first. */
const MAX_RUNS = 1000;

/**
 * The newest unfinished run of the same sources and options; null without one.
 * @throws SpillwayError ERR_RUN_LIVE when another process works on it now
 */
export function findUnfinishedRun(identity: RunIdentity): string | null {
  for (const name of newestFirst()) {
    const directory = join(RESULTS, name);
    const record = join(directory, RECORD_DIRECTORY);
    if (!hasJournal(record) || !isUnfinished(record, identity)) continue;
    if (!isRunLive(record)) return directory;
    throw new SpillwayError(
      'ERR_RUN_LIVE',
      `expected a run that nobody works at, found another process at this one in ${directory}: wait for its end (\`spillway status ${directory}\`), or begin another beside it with --new`,
    );
  }
  return null;
}

function newestFirst(): string[] {
  try {
    return readdirSync(RESULTS).toSorted().toReversed().slice(0, MAX_RUNS);
  } catch {
    return [];
  }
}

function isUnfinished(record: string, identity: RunIdentity): boolean {
  try {
    using reader = new JournalReader(record);
    const meta = reader.meta();
    return meta.targetCount === null && compareIdentities(meta.identity, identity).length === 0;
  } catch {
    // A run that cannot be read is skipped here; if --to names it, its problem is reported.
    return false;
  }
}
