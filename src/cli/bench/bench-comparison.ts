// `spillway bench` with several strategies or rounds: one comparison, its table, its record and its reports.

import { readLimitsForRound } from '../../lab/port-wait.ts';
import { prepareSweep, type PreparedSweep, type SweepOptions } from '../../lab/prepared-sweep.ts';
import { REFERENCE_STRATEGY, STRATEGY_NAMES, type Strategy } from '../../lab/strategies.ts';
import { startSweep } from '../../lab/sweep.ts';
import { ERRORS } from '../../model/errors.ts';
import type { Comparison } from '../../model/comparison.ts';
import { explainMissing } from '../../model/missing-package.ts';
import { comparisonLines } from '../../report/comparison-text.ts';
import { renderReports } from '../../report/render-reports.ts';
import { formatSeconds, planLine } from '../../report/round-text.ts';
import { wavesLines } from '../../report/waves-text.ts';
import { type BenchValues, TINYBENCH } from './bench-options.ts';
import { withoutBlocks } from '../terminal.ts';
import { InterruptWatch } from '../interrupt.ts';
import { openLiveLine } from './live-line.ts';
import { checkWritable, makeReportDirectory, writeFiles, writeJson } from '../output-files.ts';
import { toRoundOptions } from './round-options.ts';

const ROUNDS = 3;
/** Tinybench gives statistics of the mean, which need a few more rounds. */
const WAVES = 5;

/** @returns the exit code: 1 when a proof is broken */
export async function compareStrategies(values: BenchValues, isDelayGiven: boolean): Promise<number> {
  if (values.report === TINYBENCH) return benchWaves(values, isDelayGiven);
  const { json, report } = values;
  const say = (line: string) =>
    (json === '-' ? process.stderr : process.stdout).write(`${withoutBlocks(line)}\n`);
  if (json !== undefined && json !== '-') checkWritable(json);
  if (report !== undefined) makeReportDirectory(report);
  const prepared = await prepare(toSweepOptions(values, isDelayGiven));
  for (const line of planLines(prepared)) say(line);

  const comparison = await runSweep(prepared);
  for (const line of comparisonLines(comparison)) say(line);
  if (json !== undefined) writeJson(comparison, json);
  if (report !== undefined) {
    for (const file of writeFiles(report, { ...renderReports(comparison) })) say(`written: ${file}`);
  }
  if (comparison.isInterrupted) return ERRORS.ERR_INTERRUPTED.exitCode;
  return comparison.strategies.some(({ figures }) => figures.brokenProofCount > 0) ? 1 : 0;
}

/** Runs the strategies as tasks of tinybench, which has no rounds and therefore gives no verdict. */
async function benchWaves(values: BenchValues, isDelayGiven: boolean): Promise<number> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const { startTinybench } = await import('../../lab/tinybench.ts').catch((error: unknown) => {
    throw explainMissing(['tinybench'], error);
  });
  const options = toSweepOptions({ ...values, rounds: values.rounds ?? WAVES }, isDelayGiven);
  const prepared = await prepare({ ...options, isScaled: false });
  for (const line of planLines(prepared)) say(line);
  using live = await openLiveLine();
  const run = startTinybench(prepared, live);
  using interrupt = new InterruptWatch(run);
  const figures = await interrupt.guard(run.figures);
  live[Symbol.dispose]();
  for (const line of ['', ...wavesLines(figures)]) say(line);
  return interrupt.wasInterrupted ? ERRORS.ERR_INTERRUPTED.exitCode : 0;
}

async function prepare(options: SweepOptions): Promise<PreparedSweep> {
  const base = { ...options.base, strategy: REFERENCE_STRATEGY };
  return prepareSweep(options, await readLimitsForRound(base, (line) => process.stderr.write(`${line}\n`)));
}

function toSweepOptions(values: BenchValues, isDelayGiven: boolean): SweepOptions {
  return {
    strategies: fitOrigin(values),
    base: { ...toRoundOptions(values, isDelayGiven), isInProcess: values.inProcess },
    roundCount: values.rounds ?? ROUNDS,
    budgetMs: values.budget,
    seed: values.seed ?? Math.floor(Math.random() * 2 ** 32),
    isScaled: values.scaling || values.report !== undefined,
  };
}

/**
 * Leaves h2c out of `all` for another server, which cannot be assumed to speak HTTP/2 without TLS, and with --tls.
 */
function fitOrigin({ strategy, origin, tls }: BenchValues): readonly Strategy[] {
  const isAll = strategy.length === STRATEGY_NAMES.length;
  return (origin !== undefined || tls) && isAll ? strategy.filter(({ name }) => name !== 'h2c') : strategy;
}

function planLines({ strategies, options }: PreparedSweep): string[] {
  return strategies.map(({ strategy, round, guard, projected }) => {
    const allowed = guard === null ? '' : `; the guard allows ${guard}`;
    const part =
      projected === null
        ? ''
        : `; ${projected.trialsRun} trials only, projected to ${options.base.trialCount} by waves`;
    return `${strategy.name}: ${planLine(round.plan, round.findings)}${allowed}${part}`;
  });
}

async function runSweep(prepared: PreparedSweep): Promise<Comparison> {
  using live = await openLiveLine();
  let label = '';
  const sweep = startSweep(prepared, {
    ...live,
    onRoundStart: (next) => {
      label = `${next.done + 1}/${next.total} ${next.label}`;
    },
    onRoundEnd: ({ wallMs }, { proof }) =>
      live.onNotice(`${label} ${formatSeconds(wallMs)}${proof.verdict === 'broken' ? ', PROOF BROKEN' : ''}`),
  });
  using interrupt = new InterruptWatch(sweep);
  const comparison = await interrupt.guard(sweep.comparison);
  return { ...comparison, isInterrupted: comparison.isInterrupted || interrupt.wasInterrupted };
}
