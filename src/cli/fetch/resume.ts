// `spillway resume`: goes on with a run that did not come to its end. `spillway retry`: fetches what failed again.

import { Command } from 'commander';
import { matchFailures } from '../../model/failure-classes.ts';
import type { RunSession, StoredCommand } from '../../model/run-journal.ts';
import { type FoundRun, findRun } from '../../runner/fetch/record/find-run.ts';
import { JournalReader } from '../../runner/fetch/record/journal-reader.ts';
import { fetchAll } from './fetch.ts';
import { addOptions, type OptionTable, readOptions } from '../options.ts';
import { RESUME_OPTIONS, RETRY_OPTIONS } from './resume-options.ts';
import { recallCommand } from './stored-command.ts';

const RUN_MEANING = 'what --to was, or the directory below results/';

export function makeResumeCommand(finish: (exitCode: number) => void): Command {
  return make('resume', RESUME_OPTIONS, finish);
}

export function makeRetryCommand(finish: (exitCode: number) => void): Command {
  return make('retry', RETRY_OPTIONS, finish);
}

function make(
  kind: Exclude<RunSession['kind'], 'fetch'>,
  options: OptionTable,
  finish: (exitCode: number) => void,
): Command {
  const command = new Command(kind)
    .argument('<run>', RUN_MEANING)
    .allowExcessArguments(false)
    .action(async (path: string, typed: Record<string, unknown>) => {
      const { only } = readOptions(options, typed) as { readonly only?: string[] };
      const { only: _, ...given } = typed;
      const run = findRun(path);
      const known = readRun(run);
      const recalled = recallCommand(path, known.command, given);
      finish(
        await fetchAll(
          recalled.sources,
          { ...recalled.given, to: known.to },
          {
            kind,
            directory: known.to === 'discard' ? run.root : null,
            only: only === undefined ? null : matchFailures(only),
          },
        ),
      );
    });
  return addOptions(command, options);
}

/** The command of a run, and where its bodies go now, since the run may have been moved. */
function readRun({ record, root, output }: FoundRun): { command: StoredCommand | null; to: string } {
  using reader = new JournalReader(record);
  const { command, sink } = reader.meta();
  return { command, to: sink === 'discard' ? 'discard' : sink === 'directory' ? root : output };
}
