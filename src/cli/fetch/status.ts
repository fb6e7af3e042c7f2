// `spillway status`: where a run stands.

import { Command } from 'commander';
import { statusLines } from '../../report/status-text.ts';
import { findRun } from '../../runner/fetch/record/find-run.ts';
import { readRunStatus } from '../../runner/fetch/record/run-status.ts';
import { addOptions, readOptions, row } from '../options.ts';
import { flag } from '../values.ts';

export const STATUS_OPTIONS = {
  json: row({ flags: '--json', initial: 'false', meaning: 'the status as JSON', parse: flag() }),
} as const;

export function makeStatusCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('status')
    .argument('<run>', 'what --to was, or the directory below results/')
    .allowExcessArguments(false)
    .action(async (path: string, given: Record<string, unknown>) => {
      const { json } = readOptions(STATUS_OPTIONS, given);
      const status = await readRunStatus(findRun(path));
      process.stdout.write(`${json ? JSON.stringify(status) : statusLines(status).join('\n')}\n`);
      finish(0);
    });
  return addOptions(command, STATUS_OPTIONS);
}
