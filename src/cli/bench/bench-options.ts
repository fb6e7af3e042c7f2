// The options of `spillway bench`.

import { SERVER_KINDS } from '../../lab/round-options.ts';
import { ANSWER_FORMS } from '../../model/answer-form.ts';
import { MAX_TRIALS } from '../../model/plan.ts';
import { row, type ValuesOf } from '../options.ts';
import { PLAN_OPTIONS } from './plan-options.ts';
import { strategyList } from './strategy-specs.ts';
import { autoOr, duration, flag, httpOrigin, oneOf, plainText, wholeNumber } from '../values.ts';

const HOUR_MS = 3_600_000;
const MAX_SEED = 2 ** 32 - 1;

/** A value of `--report` in place of a directory. */
export const TINYBENCH = 'tinybench';

export const BENCH_OPTIONS = {
  trials: row({
    flags: '--trials <n>',
    initial: '10000',
    meaning: 'how many answers to fetch: /0 … /n-1',
    parse: wholeNumber(1, MAX_TRIALS),
  }),
  ...PLAN_OPTIONS,
  waves: row({
    flags: '--waves',
    initial: 'false',
    meaning:
      'run in as many waves as the limits of this machine ask for, where that is over ten times the floor',
    parse: flag(),
  }),
  scenario: row({
    flags: '--scenario <name>',
    initial: 'trials',
    meaning: 'trials: /0 … /n-1; pages: files of a paginated list, downloaded while it is walked',
    parse: oneOf(['trials', 'pages'] as const),
  }),
  files: row({
    flags: '--files <n>',
    initial: '25',
    meaning: 'how many files the list of --scenario pages has',
    parse: wholeNumber(1, 1_000_000),
  }),
  strategy: row({
    flags: '--strategy <list>',
    initial: 'multicore',
    meaning:
      'ways to fetch, compared when there are several: all, or names, threads:count=N and NAME:option=value,… with commas',
    parse: strategyList(),
  }),
  rounds: row({
    flags: '--rounds <n>',
    meaning: 'rounds of each strategy, in random order; 3 where several are compared',
    parse: wholeNumber(1, 1000),
  }),
  seed: row({
    flags: '--seed <n>',
    meaning: 'the same seed gives the same order of rounds',
    parse: wholeNumber(0, MAX_SEED),
  }),
  budget: row({
    flags: '--budget <time>',
    initial: '30s',
    meaning:
      'time for all rounds of one strategy; one that would take longer runs fewer trials and is projected',
    parse: duration(1000, 24 * HOUR_MS),
  }),
  scaling: row({
    flags: '--scaling',
    initial: 'false',
    meaning: 'also run the reference on 1, 2, 4 … cores; a report in files always does',
    parse: flag(),
  }),
  report: row({
    flags: '--report <dir>',
    meaning: 'write report.html, report.md and report.json there; tinybench prints the table of tinybench',
    parse: plainText(),
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
  server: row({
    flags: '--server <kind>',
    initial: 'auto',
    meaning:
      'how the mock server answers: fastify, or lean for plans so large that Fastify would be what is measured',
    parse: oneOf(['auto', ...SERVER_KINDS] as const),
  }),
  answer: row({
    flags: '--answer <form>',
    initial: 'json',
    meaning: 'what the mock server answers to /n: json, an object with value n, or text, n alone',
    parse: oneOf(ANSWER_FORMS),
  }),
  tls: row({
    flags: '--tls',
    initial: 'false',
    meaning:
      'the mock server speaks TLS, with a certificate of its own; handshakes are shown apart from answers',
    parse: flag(),
  }),
  ca: row({
    flags: '--ca <file>',
    meaning: 'certificates in PEM to trust besides the usual, for an https --origin',
    parse: plainText(),
  }),
  insecure: row({
    flags: '--insecure',
    initial: 'false',
    meaning: 'accept any certificate of an https --origin',
    parse: flag(),
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
  retries: row({
    flags: '--retries <n>',
    initial: '4',
    meaning: 'attempts after the first',
    parse: wholeNumber(0, 1000),
  }),
  inProcess: row({
    flags: '--in-process',
    initial: 'false',
    meaning: 'run the workers in the main thread, for profilers that see no other',
    parse: flag(),
  }),
  json: row({
    flags: '--json <file>',
    meaning: 'write the record there; - for standard output, and nothing else on it',
    parse: plainText(),
  }),
} as const;

export type BenchValues = ValuesOf<typeof BENCH_OPTIONS>;
