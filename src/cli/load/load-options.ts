// The options of `spillway load`.

import { parseRate, RATE_EXAMPLE } from '../../load/rate-stages.ts';
import { parseThresholds, type Threshold } from '../../load/thresholds.ts';
import { SpillwayError } from '../../model/errors.ts';
import { ARRIVAL_KINDS, type RateStage } from '../../model/load/load-task.ts';
import { TRANSPORTS } from '../../model/plan.ts';
import { byteCount, headerFields } from '../fetch/fetch-values.ts';
import { row, type ValuesOf } from '../options.ts';
import { autoOr, duration, flag, oneOf, type Parser, plainText, wholeNumber } from '../values.ts';

const HOUR_MS = 3_600_000;
const MAX_SEED = 2 ** 32 - 1;

export const LOAD_OPTIONS = {
  connections: row({
    flags: '--connections <n>',
    initial: '64',
    meaning: 'connections over all workers, to each origin; they are opened as they are needed',
    parse: wholeNumber(1, 100_000),
  }),
  requests: row({
    flags: '--requests <n>',
    meaning: 'how many requests to send, instead of a time',
    parse: wholeNumber(1),
  }),
  duration: row({
    flags: '--duration <time>',
    meaning: 'how long to measure; 10s where no other end is given',
    parse: duration(1, 240 * HOUR_MS),
  }),
  rate: row({
    flags: '--rate <rate>',
    meaning: `open model: ${RATE_EXAMPLE}; a request is sent when it is due, whether the one before is answered or not`,
    parse: rateStages(),
  }),
  arrivals: row({
    flags: '--arrivals <kind>',
    initial: 'even',
    meaning: 'with --rate: at even steps, or with exponential gaps as independent users make them (poisson)',
    parse: oneOf(ARRIVAL_KINDS),
  }),
  seed: row({
    flags: '--seed <n>',
    initial: '1',
    meaning: 'gives the same gaps of --arrivals poisson again',
    parse: wholeNumber(0, MAX_SEED),
  }),
  maxInFlight: row({
    flags: '--max-in-flight <n>',
    initial: '100000',
    meaning: 'with --rate: requests that may be due and not answered; one more is counted as unsent',
    parse: wholeNumber(1, 10_000_000),
  }),
  warmUp: row({
    flags: '--warm-up <time>',
    initial: '0',
    meaning: 'time before the measured one, whose answers are in no figure',
    parse: duration(0, HOUR_MS),
  }),
  drain: row({
    flags: '--drain <time>',
    initial: '10s',
    meaning: 'how long answers are waited for at the end; what is missing then is counted as unanswered',
    parse: duration(0, HOUR_MS),
  }),
  cores: row({
    flags: '--cores <n>',
    initial: 'auto',
    meaning: 'worker threads, one a core',
    parse: autoOr(wholeNumber(1, 1024)),
  }),
  method: row({
    flags: '--method <name>',
    meaning: 'GET, or POST where there is content, or any other',
    parse: methodName(),
  }),
  header: row({
    flags: '--header <field>',
    meaning: 'a field of every request, such as "Accept: application/json"; may be repeated',
    parse: headerFields(),
    isRepeated: true,
  }),
  data: row({
    flags: '--data <text>',
    meaning: 'content of every request; @FILE takes a file',
    parse: plainText(),
  }),
  weights: row({
    flags: '--weights <list>',
    meaning: 'with several URLs: how often each is asked for beside the others, such as 3,1',
    parse: weightList(),
  }),
  transport: row({
    flags: '--transport <name>',
    initial: 'auto',
    meaning: `what moves the bytes: auto, ${TRANSPORTS.join(', ')}`,
    parse: oneOf(['auto', ...TRANSPORTS] as const),
  }),
  http2: row({
    flags: '--http2',
    initial: 'false',
    meaning: 'HTTP/2: by ALPN over TLS, by prior knowledge without',
    parse: flag(),
  }),
  pipelining: row({
    flags: '--pipelining <n>',
    initial: '1',
    meaning: 'requests open at once on a connection; with --http2 its streams',
    parse: wholeNumber(1, 100_000),
  }),
  keepAlive: row({
    flags: '--no-keep-alive',
    initial: 'true',
    meaning: 'a connection for every request',
    parse: flag(),
  }),
  timeout: row({
    flags: '--timeout <time>',
    initial: '30s',
    meaning: 'from the sending of a request to the end of its answer',
    parse: duration(1, HOUR_MS),
  }),
  connectTimeout: row({
    flags: '--connect-timeout <time>',
    initial: '10s',
    meaning: 'until a connection stands',
    parse: duration(1, HOUR_MS),
  }),
  ca: row({
    flags: '--ca <file>',
    meaning: 'certificates in PEM to trust besides the usual',
    parse: plainText(),
  }),
  insecure: row({
    flags: '--insecure',
    initial: 'false',
    meaning: 'accept any certificate: anybody on the way can read and change everything',
    parse: flag(),
  }),
  expectStatus: row({
    flags: '--expect-status <list>',
    meaning: 'statuses that are right, such as 200,404; 200 to 399 where none is given',
    parse: statusList(),
  }),
  expectType: row({
    flags: '--expect-type <type>',
    meaning: 'the media type of a right answer, such as application/json or image/*',
    parse: plainText(),
  }),
  expectLength: row({
    flags: '--expect-length <size>',
    meaning: 'bytes of the body of a right answer',
    parse: byteCount(0),
  }),
  expectBody: row({
    flags: '--expect-body <text>',
    meaning: 'text that the body of a right answer holds',
    parse: plainText(),
  }),
  expectJson: row({
    flags: '--expect-json <rule>',
    meaning: 'a path and its value in a right answer, such as data.ok=true',
    parse: plainText(),
  }),
  findKnee: row({
    flags: '--find-knee <rule>',
    meaning:
      "searches the highest rate that keeps a rule, such as 'p99Ms < 200', from --rate (100) on, in steps of --duration (5s)",
    parse: thresholds(),
  }),
  failIf: row({
    flags: '--fail-if <rules>',
    meaning:
      "exit code 5 when one holds, such as 'p99Ms > 300; errorRatio > 0.01'; without answers each does",
    parse: thresholds(),
  }),
  abortOnFail: row({
    flags: '--abort-on-fail',
    initial: 'false',
    meaning: 'ends the load as soon as a rule of --fail-if holds, after 1,000 answers',
    parse: flag(),
  }),
  failIfSaturated: row({
    flags: '--fail-if-saturated',
    initial: 'false',
    meaning: 'exit code 5 when the client and not the service was at its end',
    parse: flag(),
  }),
  json: row({
    flags: '--json <file>',
    meaning: 'writes the record as one line of JSON; - for standard output, with nothing else on it',
    parse: plainText(),
  }),
  markdown: row({
    flags: '--markdown <file>',
    meaning: 'writes the result as Markdown, as a step summary of CI takes it',
    parse: plainText(),
  }),
  hdr: row({
    flags: '--hdr <file>',
    meaning: 'writes the percentiles of response time as HdrHistogram text',
    parse: plainText(),
  }),
} as const;

export type LoadValues = ValuesOf<typeof LOAD_OPTIONS>;

function rateStages(): Parser<{ stages: RateStage[]; hasDuration: boolean }> {
  return (text) => {
    const rate = parseRate(text);
    return rate === null ? { expected: RATE_EXAMPLE } : { value: rate };
  };
}

/** Any token is a method (RFC 9110, section 5.6.2); the service decides what it means. */
function methodName(): Parser<string> {
  return (text) => {
    const method = text.trim().toUpperCase();
    return /^[A-Z!#$%&'*+.^_`|~0-9-]+$/u.test(method) && method !== 'CONNECT'
      ? { value: method }
      : { expected: 'a method such as GET or POST, and not CONNECT' };
  };
}

function weightList(): Parser<number[]> {
  return (text) => {
    const weights = text.split(',').map((part) => Number(part.trim() || Number.NaN));
    return weights.every((weight) => weight > 0 && Number.isFinite(weight))
      ? { value: weights }
      : { expected: 'numbers above 0 with commas, such as 3,1' };
  };
}

function statusList(): Parser<number[]> {
  return (text) => {
    const statuses = text.split(',').map((part) => Number(part.trim()));
    return statuses.every((status) => Number.isInteger(status) && status >= 200 && status <= 599)
      ? { value: statuses }
      : { expected: 'statuses from 200 to 599 with commas, such as 200,404' };
  };
}

function thresholds(): Parser<Threshold[]> {
  return (text) => {
    try {
      const rules = parseThresholds(text, '');
      return rules.length > 0 ? { value: rules } : { expected: "a rule such as 'p99Ms > 300'" };
    } catch (error) {
      if (!(error instanceof SpillwayError)) throw error;
      const [, expected = '', found = ''] = /expected (.*), found (.*)$/u.exec(error.message) ?? [];
      return { expected, found };
    }
  };
}
