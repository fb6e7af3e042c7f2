// Runs a command and ends it: one message at most, one exit code. Only this room prints.

import { Command, CommanderError } from 'commander';
import { PROGRAM_VERSION } from '../version.ts';
import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';
import type { CommandEntry } from './command-entry.ts';
import { COMMANDS } from './commands.ts';
import { addHelpPage, exampleLines, HELP_PAGES, PROGRAM_EXAMPLES } from './help-page.ts';
import { OutputWatch } from './output-watch.ts';

/** Exit code of misuse; commander itself would end with 1. */
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
  // Never disposed of: an error of the last write may come after this function has returned.
  const output = new OutputWatch();
  try {
    await program.parseAsync(args, { from: 'user' });
    await output.settle();
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

/** Loads the command that the command line names; of the others only the name is needed, for the list of commands. */
async function makeCommand(
  { name, load }: CommandEntry,
  isNamed: boolean,
  finish: (exitCode: number) => void,
): Promise<Command> {
  return isNamed ? (await load())(finish) : new Command(name);
}

/**
 * Removes secrets from a message of commander, which repeats unknown words as typed: values of options, and logins.
 */
function withoutValues(text: string): string {
  return withoutFar(
    withoutLogins(text.replace(/^(error: unknown option '(?:--[^\s'=]+|-[^-]))[^]*'/u, "$1'")),
  );
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

/** Drops far-fetched suggestions: commander also suggests words with more letters changed than kept. */
function withoutFar(text: string): string {
  const [, typed] = /^error: unknown (?:option|command) '([^']+)'/u.exec(text) ?? [];
  return text.replace(/\n\(Did you mean (?:one of )?([^?]+)\?\)/u, (line, list: string) => {
    const near = list.split(', ').filter((word) => typed !== undefined && isNear(typed, word));
    if (near.length === 0) return '';
    return near.length === 1 ? `\n(Did you mean ${near[0]}?)` : line;
  });
}

/** True where at most one letter in four (or a single letter of a short word) differs. */
function isNear(typed: string, word: string): boolean {
  const plain = typed.replace(/^-+/u, '');
  const wanted = word.trim().replace(/^-+/u, '');
  return distance(plain, wanted) <= Math.max(1, Math.floor(wanted.length / 4));
}

/** Edit distance with swaps of neighbours (optimal string alignment); both words are short. */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let line = 1; line <= from.length; line++) {
    const before = rows[line - 1] as number[];
    const row = [line];
    for (let at = 1; at <= to.length; at++) {
      const change = (before[at - 1] as number) + (from[line - 1] === to[at - 1] ? 0 : 1);
      const isSwap = line > 1 && at > 1 && from[line - 1] === to[at - 2] && from[line - 2] === to[at - 1];
      const swap = isSwap ? (rows[line - 2]?.[at - 2] as number) + 1 : Infinity;
      row.push(Math.min(change, swap, (before[at] as number) + 1, (row[at - 1] as number) + 1));
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) as number;
}
