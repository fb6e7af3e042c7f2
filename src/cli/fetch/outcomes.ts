// `spillway outcomes`: the record of a run as lines of JSON, in the order of the list, while it is at work or after.

import { once } from 'node:events';
import { Command } from 'commander';
import { findRun } from '../../runner/fetch/record/find-run.ts';
import { JournalReader } from '../../runner/fetch/record/journal-reader.ts';
import { addOptions, readOptions, row } from '../options.ts';
import { flag } from '../values.ts';

const LINES_PER_WRITE = 256;

export const OUTCOMES_OPTIONS = {
  failed: row({
    flags: '--failed',
    initial: 'false',
    meaning: 'only targets that failed',
    parse: flag(),
  }),
} as const;

export function makeOutcomesCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('outcomes')
    .argument('<run>', 'what --to was, or the directory below results/')
    .allowExcessArguments(false)
    .action(async (path: string, given: Record<string, unknown>) => {
      const { failed } = readOptions(OUTCOMES_OPTIONS, given);
      await printOutcomes(findRun(path).record, failed);
      finish(0);
    });
  return addOptions(command, OUTCOMES_OPTIONS);
}

async function printOutcomes(record: string, isFailedOnly: boolean): Promise<void> {
  using reader = new JournalReader(record);
  let lines: string[] = [];
  for (const outcome of reader.outcomes(isFailedOnly ? { kind: 'failed' } : {})) {
    if (lines.push(`${JSON.stringify(outcome)}\n`) < LINES_PER_WRITE) continue;
    if (!(await write(lines.join('')))) return;
    lines = [];
  }
  await write(lines.join(''));
}

/** @returns false when nobody reads standard output any more */
async function write(text: string): Promise<boolean> {
  const { stdout } = process;
  if (stdout.destroyed || stdout.errored !== null) return false;
  if (!stdout.write(text)) await Promise.race([once(stdout, 'drain'), once(stdout, 'close')]).catch(() => {});
  return true;
}
