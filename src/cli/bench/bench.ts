// `spillway bench`: one round of trials, its proof and its record; with more strategies or rounds, a comparison.

import { Command } from 'commander';
import { readLimitsForRound } from '../../lab/port-wait.ts';
import { type PreparedStrategy, prepareStrategy } from '../../lab/prepared-sweep.ts';
import { REFERENCE_STRATEGY } from '../../lab/strategies.ts';
import { prepareRound, refuseIfNeeded, startRound } from '../../lab/trial-round.ts';
import { findingLines, formatSeconds, planLine, resultLines } from '../../report/round-text.ts';
import { refuseConflicts } from './bench-conflicts.ts';
import { BENCH_OPTIONS, type BenchValues } from './bench-options.ts';
import { InterruptWatch } from '../interrupt.ts';
import { openLiveLine } from './live-line.ts';
import { withoutBlocks } from '../terminal.ts';
import { addOptions, readOptions } from '../options.ts';
import { checkWritable, writeJson } from '../output-files.ts';
import { ERRORS } from '../../model/errors.ts';
import { toRoundOptions } from './round-options.ts';

export function makeBenchCommand(finish: (exitCode: number) => void): Command {
  const command = new Command('bench')
    .allowExcessArguments(false)
    .action(async (given: Record<string, unknown>) => {
      const values = readOptions(BENCH_OPTIONS, given);
      const isGiven = (option: string) => command.getOptionValueSource(option) === 'cli';
      refuseConflicts(values, isGiven);
      if (values.scenario === 'pages') {
        const { benchPages } = await import('./bench-pages.ts');
        finish(await benchPages(values, isGiven('strategy')));
      } else if (isComparison(values)) {
        const { compareStrategies } = await import('./bench-comparison.ts');
        finish(await compareStrategies(values, isGiven('delay')));
      } else {
        finish(await bench(values, isGiven('delay')));
      }
    });
  return addOptions(command, BENCH_OPTIONS);
}

/** True when more than one round is wanted. */
function isComparison({ strategy, rounds, report, scaling }: BenchValues): boolean {
  return strategy.length > 1 || rounds !== undefined || report !== undefined || scaling;
}

async function bench(values: BenchValues, isDelayGiven: boolean): Promise<number> {
  const isJsonOnly = values.json === '-';
  const say = (line: string) =>
    (isJsonOnly ? process.stderr : process.stdout).write(`${withoutBlocks(line)}\n`);
  if (values.json !== undefined && !isJsonOnly) checkWritable(values.json);
  const { round: prepared, guard, projected } = await prepareOne(values, isDelayGiven);
  // Prints the plan once the server or the origin is ready, so that a refusal is one message and nothing else.
  const onBegin = () => {
    say(planLine(prepared.plan, prepared.findings));
    for (const line of findingLines(prepared.plan, prepared.findings)) say(line);
    if (guard !== null) say(`the guard allows ${guard}`);
  };

  using live = await openLiveLine();
  const round = startRound(prepared, { onBegin, ...live });
  using interrupt = new InterruptWatch(round);
  const record = await interrupt.guard(round.record);
  live[Symbol.dispose]();
  for (const line of resultLines(record)) say(line);
  if (projected !== null && record.ended === 'done') {
    const wholeMs = record.wallMs * projected.factor;
    say(`projected: ${formatSeconds(wholeMs)} for ${values.trials} trials, more than --budget allows to run`);
  }
  if (values.json !== undefined) writeJson(record, values.json);
  if (interrupt.wasInterrupted) return ERRORS.ERR_INTERRUPTED.exitCode;
  return record.proof.verdict === 'broken' ? 1 : 0;
}

/** Prepares the one strategy. The default runs all trials; another runs as many as the budget allows. */
async function prepareOne(
  values: BenchValues,
  isDelayGiven: boolean,
): Promise<Omit<PreparedStrategy, 'strategy'>> {
  const base = { ...toRoundOptions(values, isDelayGiven), isInProcess: values.inProcess };
  const limits = await readLimitsForRound(base, (line) => process.stderr.write(`${line}\n`));
  const [strategy] = values.strategy;
  const isDefault = strategy === undefined || strategy.name === REFERENCE_STRATEGY;
  if (!isDefault) return prepareStrategy(strategy, { base, budgetMs: values.budget, roundCount: 1 }, limits);
  const round = prepareRound(base, limits);
  refuseIfNeeded(round);
  return { round, guard: null, projected: null, floorMs: round.plan.floorMs };
}
