// The commands, and how any of them ends: one message, one exit code. The only room that prints.

import { Command, CommanderError } from 'commander';
import { PROGRAM_VERSION } from '../lab/context.ts';
import { SpillwayError } from '../model/errors.ts';
import { makeBenchCommand } from './bench.ts';
import { makeCompareCommand } from './compare.ts';
import { makeFetchCommand } from './fetch.ts';
import { makeDoctorCommand } from './doctor.ts';
import { makeServeCommand } from './serve.ts';
import { makeVerifyCommand } from './verify.ts';

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
    .showHelpAfterError('(--help shows every option)')
    .exitOverride();
  const finish = (code: number) => {
    exitCode = code;
  };
  for (const makeCommand of [
    makeBenchCommand,
    makeFetchCommand,
    makeServeCommand,
    makeVerifyCommand,
    makeDoctorCommand,
    makeCompareCommand,
  ]) {
    const command = makeCommand(finish);
    command.copyInheritedSettings(program);
    program.addCommand(command);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    return explain(error);
  }
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : MISUSE;
  if (error instanceof SpillwayError) {
    process.stderr.write(`spillway: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `spillway: a bug, please report it: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return BROKEN;
}
