// `spillway completion`: a script that completes commands, options and their words, for bash, zsh or fish. Made
// from the commands themselves, so that it offers exactly their options.

import { Argument, Command } from 'commander';
import { SpillwayError } from '../../model/errors.ts';
import {
  bashScript,
  fishScript,
  type ShellCommand,
  type ShellOption,
  zshScript,
} from './completion-scripts.ts';
import type { CommandEntry } from '../command-entry.ts';
import { OPTION_TABLES } from './option-tables.ts';
import type { OptionTable } from '../options.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** Values that name a file or a directory. */
const FILE_VALUE = /<(?:file|dir|output)>/u;

export function makeCompletionCommand(
  finish: (exitCode: number) => void,
  entries: readonly CommandEntry[],
): Command {
  const shells = Object.keys(SCRIPTS);
  return new Command('completion')
    .addArgument(new Argument('<shell>', `${shells.slice(0, -1).join(', ')} or ${shells.at(-1)}`))
    .allowExcessArguments(false)
    .action(async (shell: string) => {
      if (!Object.hasOwn(SCRIPTS, shell))
        throw new SpillwayError('ERR_OPTION', `completion: expected ${shells.join(', ')}, found "${shell}"`);
      const commands = await Promise.all(entries.map(describeCommand));
      process.stdout.write(SCRIPTS[shell as keyof typeof SCRIPTS](commands));
      finish(0);
    });
}

async function describeCommand({ name, description, load }: CommandEntry): Promise<ShellCommand> {
  const command = (await load())(() => {});
  const table: OptionTable = (OPTION_TABLES as Readonly<Record<string, OptionTable>>)[name] ?? {};
  const options = command.options.map((option): ShellOption => {
    const takesValue = option.required || option.optional;
    return {
      flag: option.long ?? option.flags,
      meaning: option.description,
      value: takesValue ? (/<(.+)>/u.exec(option.flags)?.[1] ?? 'value') : null,
      choices: table[option.attributeName()]?.parse.choices ?? [],
      isFile: FILE_VALUE.test(option.flags),
    };
  });
  const help = { value: null, choices: [], isFile: false };
  options.push({ flag: '--help', meaning: 'show the options that most people need', ...help });
  const choices = name === 'completion' ? Object.keys(SCRIPTS) : [];
  return {
    name,
    description,
    options,
    choices,
    takesFiles: command.registeredArguments.length > 0 && choices.length === 0,
  };
}
