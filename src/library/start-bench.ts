// A bench for a program that imports the library: one round of trials with its proof, as `spillway bench` runs it.

import { attemptLimits } from '../lab/attempt-limits.ts';
import { namedStrategy, STRATEGY_NAMES, type StrategyName } from '../lab/strategies.ts';
import { prepareRound, refuseIfNeeded, startRound } from '../lab/trial-round.ts';
import { SERVER_KINDS, type RoundOptions } from '../lab/round-options.ts';
import { readLimits } from '../limits/read.ts';
import { ANSWER_FORMS, type AnswerForm } from '../model/answer-form.ts';
import type { Finding } from '../model/finding.ts';
import { parseHttpUrl } from '../model/http-url.ts';
import { FAMILIES, type Family, MAX_TRIALS, type Plan, TRANSPORTS, type Transport } from '../model/plan.ts';
import type { RoundRecord, Snapshot } from '../model/record.ts';
import { maskedUrl } from '../model/shown-url.ts';
import { OptionChecks } from './option-checks.ts';

/** The options of a bench; the planner chooses each number that is left out, by what the machine allows. */
export interface BenchOptions {
  /** How many answers to fetch: `/0 … /n-1`. @default 10000 */
  readonly trials?: number;
  /** A way to fetch by name. @default 'multicore' */
  readonly strategy?: StrategyName;
  /** How long the mock server waits with each answer; with `origin`, what is known of it. @default 1000 */
  readonly delayMs?: number;
  /** A server that runs already and answers `/n`, instead of a mock server for the round. */
  readonly origin?: string;
  /** Processes of the mock server. */
  readonly replicas?: number;
  /** How the mock server answers. @default by the size of the plan */
  readonly server?: 'fastify' | 'lean';
  /** What the mock server answers to `/n`: an object with `value` n, or `n` as text. @default 'json' */
  readonly answer?: AnswerForm;
  /** Worker threads. */
  readonly cores?: number;
  /** How requests share connections. @default 'one-per-connection' */
  readonly family?: Family;
  /** What moves the bytes. @default by the plan */
  readonly transport?: Transport;
  /** Groups of connections a worker. */
  readonly lanes?: number;
  /** Connections over all workers. */
  readonly connections?: number;
  /** Requests open at once on a connection. */
  readonly pipelining?: number;
  /** Requests open at once over all connections. */
  readonly maxInFlight?: number;
  /** Run in as many waves as the limits ask for, where that is over ten times the floor; refused otherwise. @default false */
  readonly waves?: boolean;
  /** Client processes. */
  readonly processes?: number;
  /** The longest one attempt may take, added to the delay. @default 60000 */
  readonly deadlineMs?: number;
  /** Attempts after the first. @default 4 */
  readonly maxRetries?: number;
  /** Aborts the bench. */
  readonly signal?: AbortSignal;
}

/** A bench under way; `await using` ends it with its block. */
export interface Bench extends AsyncDisposable {
  /** Its numbers, each with the reason. */
  readonly plan: Plan;
  /** How the plan fits the limits of the system. */
  readonly findings: readonly Finding[];
  /** The round with its figures and its proof. Rejects when it broke. */
  readonly report: Promise<RoundRecord>;
  /** Progress, a tenth of a second old at most; null before the first. */
  snapshot(): Snapshot | null;
  /** Takes no new trial. */
  drain(): void;
  abort(): void;
}

/**
 * Starts one round of trials.
 * @throws SpillwayError ERR_OPTION naming everything that is wrong, ERR_LIMIT when the system does not allow it
 */
export function startBench(options: BenchOptions = {}): Bench {
  const checks = new OptionChecks('startBench', options);
  const base = readRound(checks, 'startBench');
  const strategy = checks.word('strategy', STRATEGY_NAMES, 'multicore');
  const signal = checks.other('signal') as AbortSignal | undefined;
  checks.finish();
  const limits = readLimits();
  const { numbers } = namedStrategy(strategy).ask(base.trialCount, limits);
  const prepared = prepareRound({ ...base, ...numbers, ...askedFor(options), strategy }, limits);
  refuseIfNeeded(prepared);
  let last: Snapshot | null = null;
  const round = startRound(prepared, {
    onSnapshot: (snapshot) => {
      last = snapshot;
    },
  });
  const abort = () => round.abort();
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted === true) abort();
  const report = round.record.finally(() => signal?.removeEventListener('abort', abort));
  // Nobody may await the report of a bench that is only disposed of: its rejection must not end the process.
  report.catch(() => {});
  return {
    plan: prepared.plan,
    findings: prepared.findings,
    report,
    snapshot: () => last,
    drain: () => round.drain(),
    abort,
    async [Symbol.asyncDispose]() {
      abort();
      await report.catch(() => {});
    },
  };
}

const PLAN_WORDS = ['cores', 'lanes', 'connections', 'pipelining', 'maxInFlight', 'processes'] as const;
const HOUR_MS = 3_600_000;

/** The numbers that the caller set; they override those of the strategy. */
function askedFor(options: BenchOptions): Partial<RoundOptions> {
  const names = [...PLAN_WORDS, 'family', 'transport'] as const;
  return Object.fromEntries(
    names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

/** The options that a bench and a comparison share. */
export function readRound(checks: OptionChecks, command: string): Omit<RoundOptions, 'strategy'> {
  const plan = Object.fromEntries(
    PLAN_WORDS.map((name) => [name, checks.numberOr(name, [1, MAX_TRIALS], 'auto' as const)]),
  ) as Pick<RoundOptions, (typeof PLAN_WORDS)[number]>;
  const delayMs = checks.quantity('delayMs', [0, HOUR_MS, 1000]);
  const deadlineMs = checks.quantity('deadlineMs', [1, 24 * HOUR_MS, 60_000]);
  const origin = readOrigin(checks);
  const isDelayKnown = checks.other('delayMs') !== undefined;
  const replicas = checks.numberOr('replicas', [1, 128], 'auto' as const);
  const kind = checks.word('server', ['auto', ...SERVER_KINDS], 'auto');
  const answer = checks.word('answer', ANSWER_FORMS, 'json');
  return {
    ...plan,
    trialCount: checks.number('trials', [1, MAX_TRIALS, 10_000]),
    family: checks.word('family', FAMILIES, 'one-per-connection'),
    transport: checks.word('transport', ['auto', ...TRANSPORTS], 'auto'),
    server:
      origin === null
        ? { own: true, delayMs, replicas, port: 0, kind, answer }
        : { own: false, origin, delayMs: isDelayKnown ? delayMs : null },
    isInWaves: checks.flag('waves', false),
    attempt: attemptLimits(delayMs, deadlineMs, checks.number('maxRetries', [0, 1000, 4])),
    command,
  };
}

function readOrigin(checks: OptionChecks): string | null {
  const text = checks.text('origin');
  if (text === null) return null;
  const url = parseHttpUrl(text);
  if (url !== null && url.pathname === '/' && url.search === '' && url.username === '') return url.origin;
  checks.add(
    `origin: expected a URL such as http://127.0.0.1:8000, without path, query or login, found '${maskedUrl(text)}'`,
  );
  return null;
}
