// The options that are numbers of the plan: of a whole command, and of one strategy in `--strategy NAME:option=value`.

import { FAMILIES, MAX_TRIALS, TRANSPORTS } from '../../model/plan.ts';
import { row } from '../options.ts';
import { autoOr, oneOf, wholeNumber } from '../values.ts';

const MAX_CONNECTIONS = 10_000_000;

export const PLAN_OPTIONS = {
  cores: row({
    flags: '--cores <n>',
    initial: 'auto',
    meaning: 'worker threads, one a core',
    parse: autoOr(wholeNumber(1)),
  }),
  family: row({
    flags: '--family <name>',
    initial: 'one-per-connection',
    meaning: `how requests share connections: ${FAMILIES.join(', ')}`,
    parse: oneOf(FAMILIES),
  }),
  transport: row({
    flags: '--transport <name>',
    initial: 'auto',
    meaning: `what moves the bytes: auto, ${TRANSPORTS.join(', ')}`,
    parse: oneOf(['auto', ...TRANSPORTS] as const),
  }),
  lanes: row({
    flags: '--lanes <n>',
    initial: 'auto',
    meaning: 'groups of connections a worker',
    parse: autoOr(wholeNumber(1, 10_000)),
  }),
  connections: row({
    flags: '--connections <n>',
    initial: 'auto',
    meaning: 'connections over all workers',
    parse: autoOr(wholeNumber(1, MAX_CONNECTIONS)),
  }),
  pipelining: row({
    flags: '--pipelining <n>',
    initial: 'auto',
    meaning: 'requests open at once on a connection',
    parse: autoOr(wholeNumber(1, 100_000)),
  }),
  processes: row({
    flags: '--processes <n>',
    initial: 'auto',
    meaning: 'client processes; auto takes more than one where one may not hold the connections asked for',
    parse: autoOr(wholeNumber(1, 64)),
  }),
  maxInFlight: row({
    flags: '--max-in-flight <n>',
    initial: 'auto',
    meaning: 'requests open at once over all connections',
    parse: autoOr(wholeNumber(1, MAX_TRIALS)),
  }),
} as const;
