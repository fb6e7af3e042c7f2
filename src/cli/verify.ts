// `spillway verify`: an audit of what a fetch has left, offline.

import { Command } from 'commander';
import { verifyLines } from '../report/verify-text.ts';
import { verifyDirectory } from '../runner/verify.ts';
import { addOptions, readOptions, row } from './options.ts';
import { flag } from './values.ts';

export const VERIFY_OPTIONS = {
  json: row({ flags: '--json', initial: 'false', meaning: 'the audit as JSON', parse: flag() }),
} as const;

export function makeVerifyCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('verify')
    .argument('<directory>', 'what --to was, or any directory of files that say "k of n"')
    .allowExcessArguments(false)
    .action(async (directory: string, given: Record<string, unknown>) => {
      const { json } = readOptions(VERIFY_OPTIONS, given);
      const report = await verifyDirectory(directory);
      process.stdout.write(`${json ? JSON.stringify(report) : verifyLines(report).join('\n')}\n`);
      finish(report.isComplete ? 0 : 1);
    });
  return addOptions(command, VERIFY_OPTIONS);
}
