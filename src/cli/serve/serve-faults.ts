// `spillway serve --faults`: the server that misbehaves, until a signal ends it. Prints at its end how often it was
// asked.

import { SpillwayError } from '../../model/errors.ts';
import { FAULT_GROUPS, parseFaultMix } from '../../server/faults/fault-mix.ts';
import { type FaultServerOptions, resolveFaultOptions } from '../../server/faults/fault-options.ts';
import { type FaultServer, startFaultServer } from '../../server/faults/fault-server.ts';
import type { ValuesOf } from '../options.ts';
import { SERVE_OPTIONS } from './serve-options.ts';

type ServeValues = Omit<ValuesOf<typeof SERVE_OPTIONS>, 'faults'>;

/** Options of the ordinary server that have no effect here. */
const NOT_TAKEN = ['replicas', 'answer', 'files', 'maxPerPage', 'lean', 'h2c'] as const;

/** @throws SpillwayError ERR_OPTION with all that is wrong, ERR_PORT_BUSY */
export async function serveFaults(faults: string, values: ServeValues): Promise<number> {
  const { host, port, destinations, delay, items, seed } = values;
  const options = {
    host,
    port,
    destinations,
    delayMs: delay,
    items,
    faults,
    ...(seed === undefined ? {} : { seed }),
  };
  const problems = [...findOthers(values), ...findProblems(options)];
  if (problems.length > 0) throw new SpillwayError('ERR_OPTION', problems.join('\n'));
  const stopped = Promise.withResolvers<void>();
  // Listens for signals before the ports are open: a program that reads the address may end the server at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopped.resolve());
  using server = await startFaultServer(options);
  process.stdout.write(greet(server, faults));
  await stopped.promise;
  const { targets, asked, whole } = server.stats(false).total;
  process.stdout.write(`asked ${asked} times for ${targets} targets, answered ${whole} times whole\n`);
  return 0;
}

function findOthers(values: ServeValues): string[] {
  return NOT_TAKEN.flatMap((name) => {
    const { flags, initial } = SERVE_OPTIONS[name];
    const isGiven = typeof values[name] === 'boolean' ? values[name] : String(values[name]) !== initial;
    return isGiven
      ? [
          `${flags.split(' ')[0]}: expected to be left out with --faults, which is one process with /0 … /n-1 and /bytes`,
        ]
      : [];
  });
}

function findProblems(options: FaultServerOptions): string[] {
  try {
    resolveFaultOptions(options);
    return [];
  } catch (error) {
    if (!(error instanceof SpillwayError)) throw error;
    return [error.message];
  }
}

function greet({ origins, seed }: FaultServer, faults: string): string {
  const parsed = parseFaultMix(faults);
  const mix = 'mix' in parsed ? parsed.mix : new Map<never, number>();
  const shares = [...FAULT_GROUPS].flatMap(([group, names]) => {
    const ratio = names.reduce((sum, name) => sum + (mix.get(name) ?? 0), 0);
    return ratio === 0 ? [] : [`${group} ${percent(ratio)}`];
  });
  const total = [...mix.values()].reduce((sum, ratio) => sum + ratio, 0);
  return [
    `listening on ${origins.join(' ')} with the faults of ${faults}, seed ${seed}`,
    `${percent(total)} of all targets have one${shares.length === 0 ? '' : `: ${shares.join(', ')}`}`,
    `each with what it must become: ${origins[0]}/faults; what was asked and answered whole: ${origins[0]}/stats`,
    '',
  ].join('\n');
}

function percent(ratio: number): string {
  return `${Number((ratio * 100).toPrecision(3))} %`;
}
