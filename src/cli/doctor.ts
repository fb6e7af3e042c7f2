// `spillway doctor`: what this machine allows, what a run would take of it, and how long it would be. Starts nothing.

import { Command } from 'commander';
import { readLimits } from '../limits/read.ts';
import { prepareRound } from '../lab/trial-round.ts';
import { doctorLines } from './doctor-text.ts';
import { BENCH_OPTIONS } from './bench-options.ts';
import { addOptions, readOptions, row } from './options.ts';
import { toRoundOptions } from './round-options.ts';
import { flag } from './values.ts';

const REFUSED = 3;

const DOCTOR_OPTIONS = {
  trials: BENCH_OPTIONS.trials,
  cores: BENCH_OPTIONS.cores,
  family: BENCH_OPTIONS.family,
  transport: BENCH_OPTIONS.transport,
  lanes: BENCH_OPTIONS.lanes,
  connections: BENCH_OPTIONS.connections,
  pipelining: BENCH_OPTIONS.pipelining,
  maxInFlight: BENCH_OPTIONS.maxInFlight,
  origin: BENCH_OPTIONS.origin,
  delay: BENCH_OPTIONS.delay,
  replicas: BENCH_OPTIONS.replicas,
  json: row({
    flags: '--json',
    initial: 'false',
    meaning: 'one JSON on standard output instead of text',
    parse: flag(),
  }),
} as const;

export function makeDoctorCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('doctor')
    .description(
      'show what this machine allows, what a bench would take of it, and what would lift each limit',
    )
    .allowExcessArguments(false)
    .action((given: Record<string, unknown>) => {
      finish(diagnose(given, command.getOptionValueSource('delay') === 'cli'));
    });
  return addOptions(command, DOCTOR_OPTIONS);
}

/** Exit code 3 when a bench with the same options would be refused. */
function diagnose(given: Record<string, unknown>, isDelayGiven: boolean): number {
  const { json, ...values } = readOptions(DOCTOR_OPTIONS, given);
  const limits = readLimits();
  const { plan, findings } = prepareRound(toRoundOptions(values, isDelayGiven), limits);
  const isRefused = findings.some(({ verdict }) => verdict === 'refused');
  const text = json
    ? JSON.stringify({ schema: 'spillway-doctor/1', refused: isRefused, limits, findings, plan })
    : doctorLines(limits, findings, plan).join('\n');
  process.stdout.write(`${text}\n`);
  return isRefused ? REFUSED : 0;
}
