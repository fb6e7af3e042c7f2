// The options of `spillway bench`.

import { FAMILIES, TRANSPORTS } from '../model/plan.ts';
import { row } from './options.ts';
import { autoOr, duration, httpOrigin, oneOf, plainText, wholeNumber } from './values.ts';

const HOUR_MS = 3_600_000;
/** Squares of trial numbers must add up exactly, and the server's bitmap stay below 8 MB. */
const MAX_TRIALS = 2 ** 26;
const MAX_CONNECTIONS = 10_000_000;

export const BENCH_OPTIONS = {
  trials: row({
    flags: '--trials <n>',
    initial: '10000',
    meaning: 'how many answers to fetch: /0 … /n-1',
    parse: wholeNumber(1, MAX_TRIALS),
  }),
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
  maxInFlight: row({
    flags: '--max-in-flight <n>',
    initial: 'auto',
    meaning: 'requests open at once over all connections',
    parse: autoOr(wholeNumber(1, MAX_TRIALS)),
  }),
  origin: row({
    flags: '--origin <url>',
    meaning: 'a server that runs already, instead of a mock server for the run',
    parse: httpOrigin(),
  }),
  delay: row({
    flags: '--delay <time>',
    initial: '1s',
    meaning: 'how long the mock server waits with each answer; with --origin, what is known of it',
    parse: duration(0, HOUR_MS),
  }),
  replicas: row({
    flags: '--replicas <n>',
    initial: 'auto',
    meaning: 'processes of the mock server',
    parse: autoOr(wholeNumber(1)),
  }),
  port: row({
    flags: '--port <n>',
    initial: '0',
    meaning: 'first port of the mock server; 0 takes any that is free',
    parse: wholeNumber(0, 65_535),
  }),
  deadline: row({
    flags: '--deadline <time>',
    initial: '60s',
    meaning: 'the longest one attempt may take, added to the delay',
    parse: duration(1, 24 * HOUR_MS),
  }),
  attempts: row({
    flags: '--attempts <n>',
    initial: '5',
    meaning: 'attempts a trial has before it counts as failed',
    parse: wholeNumber(1, 1000),
  }),
  json: row({
    flags: '--json <file>',
    meaning: 'write the record there; - for standard output, and nothing else on it',
    parse: plainText(),
  }),
} as const;
