// `spillway bench --scenario pages`: files listed by pages while they are downloaded, by each strategy in turn.

import { runPages } from '../../lab/pages-round.ts';
import { namedStrategy, type Strategy } from '../../lab/strategies.ts';
import { ERRORS, SpillwayError } from '../../model/errors.ts';
import { pagesLines } from '../../report/pages-text.ts';
import { formatSeconds } from '../../report/round-text.ts';
import type { BenchValues } from './bench-options.ts';
import { InterruptWatch } from '../interrupt.ts';
import { checkWritable, writeJson } from '../output-files.ts';

const ROUNDS = 3;
/** Strategies that are ways to download a list; the others differ in how requests share a connection. */
const PAGES_STRATEGIES = ['sequential', 'threaded', 'async', 'optimized', 'multicore'] as const;

/** @returns the exit code: 1 when a file is missing or came twice */
export async function benchPages(values: BenchValues, isStrategyGiven: boolean): Promise<number> {
  const { json } = values;
  if (json !== undefined && json !== '-') checkWritable(json);
  const say = (line: string) => (json === '-' ? process.stderr : process.stdout).write(`${line}\n`);
  const stop = new AbortController();
  using interrupt = new InterruptWatch({ drain: () => stop.abort(), abort: () => stop.abort() });
  const record = await runPages({
    strategies: chooseStrategies(values, isStrategyGiven),
    fileCount: values.files,
    delayMs: values.delay,
    roundCount: values.rounds ?? ROUNDS,
    seed: values.seed ?? Math.floor(Math.random() * 2 ** 32),
    deadlineMs: values.delay + values.deadline,
    command: ['spillway', ...process.argv.slice(2)].join(' '),
    onRound: (name, { wallMs }) => process.stderr.write(`${name} ${formatSeconds(wallMs)}\n`),
    signal: stop.signal,
  });
  for (const line of pagesLines(record)) say(line);
  if (json !== undefined) writeJson(record, json);
  if (interrupt.wasInterrupted) return ERRORS.ERR_INTERRUPTED.exitCode;
  const isBroken = record.strategies.some(({ rounds }) => rounds.some(({ problems }) => problems.length > 0));
  return isBroken ? 1 : 0;
}

function chooseStrategies({ strategy }: BenchValues, isGiven: boolean): readonly Strategy[] {
  if (!isGiven || strategy.length > PAGES_STRATEGIES.length) return PAGES_STRATEGIES.map(namedStrategy);
  const other = strategy.find(({ name }) => !PAGES_STRATEGIES.some((known) => known === name));
  if (other === undefined) return strategy;
  throw new SpillwayError(
    'ERR_OPTION',
    `--strategy: expected ${PAGES_STRATEGIES.join(', ')} or all with --scenario pages, found ${other.name}`,
  );
}
