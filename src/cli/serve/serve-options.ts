// The options of `spillway serve`.

import { ANSWER_FORMS } from '../../model/answer-form.ts';
import { parseFaultMix, PROFILES } from '../../server/faults/fault-mix.ts';
import { row } from '../options.ts';
import {
  autoOr,
  duration,
  flag,
  oneOf,
  type Parsed,
  type Parser,
  plainText,
  wholeNumber,
} from '../values.ts';

const MAX_NUMBERS = 2 ** 26;

export const SERVE_OPTIONS = {
  host: row({
    flags: '--host <address>',
    initial: '127.0.0.1',
    meaning: 'address to listen on; anything but loopback lets others in',
    parse: plainText(),
  }),
  port: row({
    flags: '--port <n>',
    initial: '8000',
    meaning: 'first port; 0 takes any that is free',
    parse: wholeNumber(0, 65_535),
  }),
  destinations: row({
    flags: '--destinations <n>',
    initial: '1',
    meaning: 'consecutive ports to listen on, so that a client may open more connections',
    parse: wholeNumber(1, 256),
  }),
  replicas: row({
    flags: '--replicas <n>',
    initial: 'auto',
    meaning: 'processes that answer',
    parse: autoOr(wholeNumber(1, 128)),
  }),
  delay: row({
    flags: '--delay <time>',
    initial: '1s',
    meaning: 'how long each answer waits',
    parse: duration(0, 3_600_000),
  }),
  items: row({
    flags: '--items <n>',
    initial: '10000',
    meaning: 'numbers that are answered: /0 … /n-1',
    parse: wholeNumber(1, MAX_NUMBERS),
  }),
  answer: row({
    flags: '--answer <form>',
    initial: 'json',
    meaning: 'how /n is answered: json, an object with value n, or text, n alone',
    parse: oneOf(ANSWER_FORMS),
  }),
  files: row({
    flags: '--files <n>',
    initial: '25',
    meaning: 'files of the list API',
    parse: wholeNumber(0, MAX_NUMBERS),
  }),
  maxPerPage: row({
    flags: '--max-per-page <n>',
    initial: '5',
    meaning: 'the most files on one page of the list',
    parse: wholeNumber(1, 10_000),
  }),
  seed: row({
    flags: '--seed <text>',
    meaning:
      'file ids, or the faults of --faults, are the same for the same seed (default: random ids; faults of seed 1)',
    parse: plainText(),
  }),
  faults: row({
    flags: '--faults <mix>',
    meaning:
      'misbehave on purpose: calm, busy, flaky or hostile, or with ratios, such as flaky,reset=0.1 (docs/faults.md)',
    parse: faultMix(),
  }),
  lean: row({
    flags: '--lean',
    initial: 'false',
    meaning: 'answer /n without Fastify, for a million in flight; every other route stays with it',
    parse: flag(),
  }),
  h2c: row({
    flags: '--h2c',
    initial: 'false',
    meaning: 'also listen for HTTP/2 over plain TCP, on ports of its own',
    parse: flag(),
  }),
} as const;

/** Checks a mix of faults, and returns its text. */
function faultMix(): Parser<string> {
  const parse = (text: string): Parsed<string> => {
    const parsed = parseFaultMix(text);
    return 'mix' in parsed ? { value: text.trim() } : parsed;
  };
  return Object.assign(parse, { choices: Object.keys(PROFILES) });
}
