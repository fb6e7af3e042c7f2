// The commands, and how any of them ends: one message, one exit code. The only room that prints.

import { Command, CommanderError } from 'commander';
import { PROGRAM_VERSION } from '../version.ts';
import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';
import type { CommandEntry } from './command-entry.ts';
import { COMMANDS } from './commands.ts';
import { addHelpPage, exampleLines, HELP_PAGES, PROGRAM_EXAMPLES } from './help-page.ts';
import { OutputWatch } from './output-watch.ts';

/** Exit code of misuse, which commander has no word for. */
const MISUSE = 2;
const BROKEN = 4;

/** Runs one command line. Resolves to the exit code. */
export async function runProgram(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('spillway')
    .description('Bulk HTTP from one machine: every core, exactly once, with a proof')
    .version(PROGRAM_VERSION)
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput({ outputError: (text, write) => write(withoutValues(text)) })
    .addHelpText('after', exampleLines(PROGRAM_EXAMPLES))
    .exitOverride();
  const finish = (code: number) => {
    exitCode = code;
  };
  for (const entry of COMMANDS) {
    const command = await makeCommand(entry, args.includes(entry.name), finish);
    command.copyInheritedSettings(program);
    const page = HELP_PAGES[entry.name];
    if (page !== undefined) addHelpPage(command, page);
    program.addCommand(command.description(entry.description));
  }
  // Never removed: an error of the last write comes when all this is over.
  const output = new OutputWatch();
  try {
    await program.parseAsync(args, { from: 'user' });
    await output.settle();
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

/** The whole command where the command line names it, else its name alone, for the list of commands. */
async function makeCommand(
  { name, load }: CommandEntry,
  isNamed: boolean,
  finish: (exitCode: number) => void,
): Promise<Command> {
  return isNamed ? (await load())(finish) : new Command(name);
}

/** What commander does not know it repeats as it was typed: of an option its name is enough, of a word its login is not. */
function withoutValues(text: string): string {
  return withoutLogins(text.replace(/^(error: unknown option '(?:--[^\s'=]+|-[^-]))[^]*'/u, "$1'"));
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSE;
  if (error instanceof SpillwayError) {
    process.stderr.write(`spillway: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `spillway: a bug in this program: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return BROKEN;
}
