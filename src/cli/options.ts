// Every option of a command is one row: its flag, its default, what it means, and how its text is read. Help, checking
// and docs/options.md come from the rows, so that none can say something else.

import { type Command, Option } from 'commander';
import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';
import type { Parsed, Parser } from './values.ts';

export interface OptionRow<Value = unknown> {
  /** Flag and value as commander takes them, such as `--trials <n>`. */
  readonly flags: string;
  /** The default, as it would be typed; left out: the option is not set. */
  readonly initial?: string;
  readonly meaning: string;
  readonly parse: Parser<Value>;
  /** True for an option that may be given several times; `parse` gets all values, one a line. */
  readonly isRepeated?: true;
}

export type OptionTable = Readonly<Record<string, OptionRow>>;

/** The values of a table: those without an `initial` may be undefined. */
export type ValuesOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends OptionRow<infer Value>
    ? Table[Name] extends { readonly initial: string }
      ? Value
      : Value | undefined
    : never;
};

/** One row, typed by its parser. */
export function row<Value, Rest extends { readonly initial?: string }>(
  given: {
    readonly flags: string;
    readonly meaning: string;
    readonly parse: Parser<Value>;
    readonly isRepeated?: true;
  } & Rest,
): OptionRow<Value> & Rest {
  return given;
}

export function addOptions(command: Command, table: OptionTable): Command {
  for (const { flags, meaning, initial, isRepeated } of Object.values(table)) {
    const option = new Option(flags, meaning);
    if (isRepeated === true) {
      option.argParser((text: string, before?: string) =>
        before === undefined ? text : `${before}\n${text}`,
      );
    }
    const isFlag = !flags.includes('<');
    if (isFlag) command.addOption(initial === 'true' ? option.default(true) : option);
    else command.addOption(initial === undefined ? option : option.default(initial));
  }
  return command;
}

/** Reads all values, and reports all that are wrong at once. @throws SpillwayError `ERR_OPTION` */
export function readOptions<Table extends OptionTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
): ValuesOf<Table> {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { flags, parse }] of Object.entries(table)) {
    const text = given[name] ?? (flags.includes('<') ? undefined : 'false');
    if (text === undefined) continue;
    const parsed = parse(typeof text === 'string' ? text : JSON.stringify(text));
    if ('value' in parsed) values[name] = parsed.value;
    else problems.push(`${flags.split(' ')[0]}: ${explain(parsed, text)}`);
  }
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  return values as ValuesOf<Table>;
}

function explain(
  { expected, found, piece }: Exclude<Parsed<unknown>, { value: unknown }>,
  text: unknown,
): string {
  const wrong = piece ?? text;
  const shown = found ?? JSON.stringify(typeof wrong === 'string' ? withoutLogins(wrong) : wrong);
  return `expected ${withoutLogins(expected)}, found ${shown}`;
}
