// `spillway bench`: one round of trials, its proof and its record.

import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { prepareRound, refuseIfNeeded, startRound } from '../lab/trial-round.ts';
import { SpillwayError } from '../model/errors.ts';
import type { RoundRecord } from '../model/record.ts';
import { findingLines, planLine, resultLines } from '../report/round-text.ts';
import { BENCH_OPTIONS } from './bench-options.ts';
import { InterruptWatch } from './interrupt.ts';
import { LiveLine } from './live-line.ts';
import { addOptions, readOptions, type ValuesOf } from './options.ts';
import { toRoundOptions } from './round-options.ts';

const INTERRUPTED = 130;

export function makeBenchCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('bench')
    .description('fetch n answers that take a second each, on every core, and prove that each came once')
    .allowExcessArguments(false)
    .action(async (given: Record<string, unknown>) => {
      const values = readOptions(BENCH_OPTIONS, given);
      finish(await bench(values, command.getOptionValueSource('delay') === 'cli'));
    });
  return addOptions(command, BENCH_OPTIONS);
}

async function bench(values: ValuesOf<typeof BENCH_OPTIONS>, isDelayGiven: boolean): Promise<number> {
  const isJsonOnly = values.json === '-';
  const say = (line: string) => (isJsonOnly ? process.stderr : process.stdout).write(`${line}\n`);
  if (values.json !== undefined && !isJsonOnly) checkWritable(values.json);
  const prepared = prepareRound(toRoundOptions(values, isDelayGiven));
  say(planLine(prepared.plan, prepared.findings));
  for (const line of findingLines(prepared.plan, prepared.findings)) say(line);
  refuseIfNeeded(prepared);

  using live = new LiveLine();
  const round = startRound(prepared, { onSnapshot: live.show, onNotice: live.notice });
  using interrupt = new InterruptWatch(round);
  const record = await round.record;
  live[Symbol.dispose]();
  for (const line of resultLines(record)) say(line);
  if (values.json !== undefined) writeRecord(record, values.json);
  if (interrupt.wasInterrupted) return INTERRUPTED;
  return record.proof.verdict === 'broken' ? 1 : 0;
}

function writeRecord(record: RoundRecord, file: string): void {
  const text = `${JSON.stringify(record)}\n`;
  if (file === '-') {
    process.stdout.write(text);
    return;
  }
  writeFileSync(file, text);
}

/** Before anything starts: a record that cannot be written is no reason to lose a run. */
function checkWritable(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
    if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) throw new Error('a directory');
  } catch (error) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--json: expected a file that can be written, found ${(error as Error).message}`,
    );
  }
}
