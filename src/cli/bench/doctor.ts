// `spillway doctor`: what this machine allows, what a run would need of it, and how long it would take. Starts
// nothing.

import { Command } from 'commander';
import { readNameFacts } from '../../limits/names.ts';
import { readLimits } from '../../limits/read.ts';
import { prepareRound } from '../../lab/trial-round.ts';
import { doctorLines, nameLines } from './doctor-text.ts';
import { DOCTOR_OPTIONS } from './doctor-options.ts';
import { addOptions, readOptions } from '../options.ts';
import { toRoundOptions } from './round-options.ts';

const REFUSED = 3;

export function makeDoctorCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('doctor')
    .allowExcessArguments(false)
    .action((given: Record<string, unknown>) => {
      finish(diagnose(given, command.getOptionValueSource('delay') === 'cli'));
    });
  return addOptions(command, DOCTOR_OPTIONS);
}

/** @returns the exit code: 3 when a bench with the same options would be refused */
function diagnose(given: Record<string, unknown>, isDelayGiven: boolean): number {
  const { json, ...values } = readOptions(DOCTOR_OPTIONS, given);
  const limits = readLimits();
  const names = readNameFacts();
  const { plan, findings } = prepareRound(toRoundOptions(values, isDelayGiven), limits);
  const isRefused = findings.some(({ verdict }) => verdict === 'refused');
  const text = json
    ? JSON.stringify({ schema: 'spillway-doctor/1', refused: isRefused, limits, names, findings, plan })
    : [...doctorLines(limits, findings, plan), '', ...nameLines(names)].join('\n');
  process.stdout.write(`${text}\n`);
  return isRefused ? REFUSED : 0;
}
