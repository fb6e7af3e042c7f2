// `spillway load`: sends requests to a service at a rate or as fast as it answers, and says what it answered and
// what bounded the figures.

import { readFileSync } from 'node:fs';
import { Argument, Command } from 'commander';
import { readLimits } from '../../limits/read.ts';
import { startKneeRun } from '../../load/knee-run.ts';
import { makeLoadPlan, type PlanInput } from '../../load/make-plan.ts';
import type { LoadPlan } from '../../model/load/load-plan.ts';
import { describePlan, startLoad } from '../../load/start-load.ts';
import { SpillwayError } from '../../model/errors.ts';
import type { LoadRecord } from '../../model/load/load-record.ts';
import type { Expectations } from '../../model/load/load-task.ts';
import { withoutLogins } from '../../model/shown-url.ts';
import { hdrText } from '../../report/hdr-text.ts';
import {
  kneeResultLine,
  kneeStepLine,
  loadLiveLine,
  loadMarkdown,
  loadPlanLine,
  loadResultLines,
} from '../../report/load-text.ts';
import { parseJsonPath } from '../../sources/json-path.ts';
import { LiveText } from '../live-text.ts';
import { InterruptWatch } from '../interrupt.ts';
import { addOptions, readOptions } from '../options.ts';
import { checkWritable, writeJson, writeText } from '../output-files.ts';
import { LOAD_OPTIONS, type LoadValues } from './load-options.ts';

const INTERRUPTED = 130;
/** Exit code when a rule of --fail-if holds, or the client was the limit with --fail-if-saturated. */
const RULE_FAILED = 5;
/** Requests that must have ended before --abort-on-fail judges. */
const LEAST_JUDGED = 1_000;
const KNEE_FROM_PER_SEC = 100;
const KNEE_MOST_PER_SEC = 1_000_000;
const KNEE_STEP_MS = 5_000;
/** The search ends when the least rate that broke is within this of the knee. */
const KNEE_WIDTH_RATIO = 0.05;

export function makeLoadCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('load')
    .addArgument(new Argument('<url...>', 'what to ask for, with a login where it needs one'))
    .action(async (urls: string[], given: Record<string, unknown>) => {
      finish(await load(urls, readOptions(LOAD_OPTIONS, given)));
    });
  return addOptions(command, LOAD_OPTIONS);
}

async function load(urls: readonly string[], values: LoadValues): Promise<number> {
  const isJsonOnly = values.json === '-';
  const say = (line: string) => (isJsonOnly ? process.stderr : process.stdout).write(`${line}\n`);
  const files = [isJsonOnly ? undefined : values.json, values.markdown, values.hdr];
  for (const file of files) if (file !== undefined) checkWritable(file);
  const plan = makeLoadPlan(planInput(urls, values), readLimits());
  if (values.findKnee !== undefined) return searchKnee(plan, values, say);
  using live = await LiveText.open({ live: loadLiveLine, plain: loadLiveLine });
  const run = startLoad({
    plan,
    thresholds: values.failIf ?? [],
    abortAfterCount: values.abortOnFail ? LEAST_JUDGED : null,
    command: withoutLogins(['spillway', ...process.argv.slice(2)].join(' ')),
    onBegin: () =>
      say(loadPlanLine({ asked: describePlan(plan), transport: plan.transport, protocol: plan.protocol })),
    onSnapshot: (snapshot) => live.show(snapshot, snapshot.atMs),
  });
  using interrupt = new InterruptWatch(run);
  const record = await interrupt.guard(run.record);
  live[Symbol.dispose]();
  for (const line of loadResultLines(record)) say(line);
  writeResults(record, values);
  return exitCodeOf(record, values, interrupt.wasInterrupted);
}

function planInput(urls: readonly string[], values: LoadValues): PlanInput {
  return {
    urls,
    weights: values.weights ?? null,
    method: values.method ?? null,
    headers: values.header ?? [],
    content: readContent(values.data),
    rate: values.rate ?? null,
    arrivals: values.arrivals,
    seed: values.seed,
    requestCount: values.requests ?? null,
    durationMs: values.duration ?? null,
    warmUpMs: values.warmUp,
    drainMs: values.drain,
    connectionCount: values.connections,
    depth: values.pipelining,
    maxOwed: values.maxInFlight,
    workerCount: values.cores,
    isKeepAlive: values.keepAlive,
    isHttp2: values.http2,
    transport: values.transport,
    trust: {
      ca: values.ca === undefined ? null : readFile('--ca', values.ca).toString(),
      isInsecure: values.insecure,
    },
    connectTimeoutMs: values.connectTimeout,
    timeoutMs: values.timeout,
    expect: readExpectations(values),
  };
}

/** Prints a line for each rate, on a terminal too. */
async function searchKnee(plan: LoadPlan, values: LoadValues, say: (line: string) => void): Promise<number> {
  const [rule, ...others] = values.findKnee ?? [];
  if (rule === undefined || others.length > 0)
    throw new SpillwayError('ERR_OPTION', '--find-knee: expected one rule, found several');
  const run = startKneeRun({
    plan,
    rule,
    command: withoutLogins(['spillway', ...process.argv.slice(2)].join(' ')),
    fromPerSec: values.rate?.stages[0]?.fromPerSec || KNEE_FROM_PER_SEC,
    toPerSec: KNEE_MOST_PER_SEC,
    stepSeconds: (values.duration ?? KNEE_STEP_MS) / 1e3,
    widthRatio: KNEE_WIDTH_RATIO,
    onStep: (step) => say(kneeStepLine(step)),
  });
  using interrupt = new InterruptWatch(run);
  const record = await interrupt.guard(run.record);
  say(kneeResultLine(record));
  if (values.json !== undefined) writeJson({ kind: 'knee', schema: 1, ...record }, values.json);
  if (interrupt.wasInterrupted) return INTERRUPTED;
  return record.kneePerSec === null ? RULE_FAILED : 0;
}

function writeResults(record: LoadRecord, { json, markdown, hdr }: LoadValues): void {
  if (json !== undefined) writeJson(record, json);
  if (markdown !== undefined) writeText(loadMarkdown(record), markdown);
  const response = record.histograms.response;
  if (hdr !== undefined && response !== undefined) writeText(hdrText(response), hdr);
}

/** A load that was interrupted passes no rule. */
function exitCodeOf(
  { thresholds, ceiling, tally }: LoadRecord,
  { failIfSaturated }: LoadValues,
  wasInterrupted: boolean,
): number {
  if (wasInterrupted) return INTERRUPTED;
  const isSaturated = failIfSaturated && ceiling.some(({ level }) => level === 'at-least');
  if (isSaturated || thresholds.some(({ verdict }) => verdict === 'failed')) return RULE_FAILED;
  return tally.wrong + tally.failed + tally.unanswered > 0 || tally.right === 0 ? 1 : 0;
}

/** @throws SpillwayError ERR_OPTION when the file after `@` cannot be read */
function readContent(data: string | undefined): Uint8Array | null {
  if (data === undefined) return null;
  return data.startsWith('@') ? readFile('--data', data.slice(1)) : Buffer.from(data);
}

function readFile(option: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new SpillwayError(
      'ERR_OPTION',
      `${option}: expected a file that can be read, found ${(error as Error).message}`,
    );
  }
}

function readExpectations(values: LoadValues): Expectations {
  const { expectJson } = values;
  const equals = expectJson?.indexOf('=') ?? -1;
  if (expectJson !== undefined && equals < 0)
    throw new SpillwayError(
      'ERR_OPTION',
      `--expect-json: expected a path and a value such as data.ok=true, found ${JSON.stringify(expectJson)}`,
    );
  return {
    statuses: values.expectStatus ?? null,
    type: values.expectType ?? null,
    lengthBytes: values.expectLength ?? null,
    text: values.expectBody ?? null,
    json:
      expectJson === undefined
        ? null
        : { path: parseJsonPath(expectJson.slice(0, equals)), value: expectJson.slice(equals + 1) },
  };
}
