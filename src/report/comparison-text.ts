// A comparison as lines of text for a terminal, with one block for each family, because answers that share a
// connection and answers that have one each are different work. Pure; the command prints the lines.

import type { Comparison, Estimate, Interval, StrategyResult } from '../model/comparison.ts';
import type { Family } from '../model/plan.ts';
import { FAMILIES } from '../model/plan.ts';
import { LEAST_FOR_P99 } from './format-numbers.ts';
import { formatSeconds } from './round-text.ts';

const FAMILY_HEADINGS = {
  'one-per-connection': 'one request at a time on each connection',
  pipelined: 'several requests open at once on each HTTP/1.1 connection: a family of its own',
  h2c: 'many streams on each HTTP/2 connection: a family of its own',
} as const satisfies Record<Family, string>;

/** A comparison whose noise hides differences of a fifth is called noisy. */
const NOISY_RATIO = 1.2;
/** The result when all rounds are over. */
export function comparisonLines(comparison: Comparison): string[] {
  const families = FAMILIES.filter((family) =>
    comparison.strategies.some((strategy) => strategy.family === family),
  );
  const lines: string[] = [];
  for (const family of families) {
    const strategies = comparison.strategies.filter((strategy) => strategy.family === family);
    lines.push('', `${FAMILY_HEADINGS[family]}:`, ...familyLines(strategies, comparison.trialCount));
  }
  return [...lines, '', ...footLines(comparison)];
}

function familyLines(strategies: readonly StrategyResult[], trialCount: number): string[] {
  return [
    ...strategies.flatMap((strategy) => resultLines(strategy, trialCount)),
    '',
    ...alignColumns([
      ['', 'floor', 'efficiency', 'speed-up', '95 % interval', 'verdict'],
      ...strategies.map((strategy) => verdictRow(strategy)),
    ]),
    '',
    ...alignColumns([
      [
        '',
        'req/s',
        'p50',
        'p99',
        'max',
        'connections',
        'CPU a trial',
        'memory',
        'loop busy',
        'errors',
        'bound by',
      ],
      ...strategies.map((strategy) => figuresRow(strategy)),
    ]),
    '  p50, p99, max: from the dispatch, and in brackets from the send; CPU and loop: client/server',
  ].map((line) => line.trimEnd());
}

/** The lines as the reference programs print them, with what they stand for. */
function resultLines(
  { name, rounds, figures, projected, guard, plan }: StrategyResult,
  trialCount: number,
): string[] {
  const last = rounds.at(-1);
  if (last === undefined) return [];
  const measuredMs = figures.wallMs.median / (projected?.factor ?? 1);
  const whole =
    projected === null
      ? ''
      : `, projected ${formatSeconds(figures.wallMs.median)} for ${trialCount} (all would take too long)`;
  const allowed = guard === null ? '' : `, ${guard}`;
  const { transport, workerCount } = plan;
  return [
    `  ${name}: computed value ${last.tally.valueSum} for ${last.tally.ok} trials in ${formatSeconds(measuredMs)}${whole}` +
      ` (${workerCount} worker(s), ${transport}${allowed})`,
  ];
}

function verdictRow({ name, figures, ratio, verdict, projected }: StrategyResult): string[] {
  const { floorMs, efficiencyRatio } = figures;
  return [
    `  ${name}`,
    floorMs === null ? '-' : formatSeconds(floorMs),
    efficiencyRatio === null ? '-' : `${Math.round(efficiencyRatio.median * 100)} %`,
    ratio === null ? '1' : formatFactor(ratio.speedUp),
    ratio?.speedUpInterval == null ? '-' : formatRange(ratio.speedUpInterval),
    projected === null ? verdict : `${verdict} (projected)`,
  ];
}

function formatRange({ low, high, confidenceRatio }: Interval): string {
  const confidence = confidenceRatio >= 0.95 ? '' : ` (${Math.round(confidenceRatio * 100)} % only)`;
  return `${formatFactor(low)} … ${formatFactor(high)}${confidence}`;
}

function formatFactor(factor: number): string {
  return `${factor >= 0.1 ? factor.toFixed(2) : factor.toPrecision(2)}x`;
}

function figuresRow({ name, figures }: StrategyResult): string[] {
  const { latency, wireLatency, failedCount, repeatCount, brokenProofCount } = figures;
  const both = (read: 'p50Ms' | 'p99Ms' | 'maxMs') =>
    read === 'p99Ms' && latency.count < LEAST_FOR_P99
      ? '-'
      : `${formatLatency(latency[read])} (${formatLatency(wireLatency[read])})`;
  const errors = [
    `${failedCount}`,
    ...(repeatCount === 0 ? [] : [`${repeatCount} repeated`]),
    ...(brokenProofCount === 0 ? [] : [`${brokenProofCount} PROOFS BROKEN`]),
  ];
  return [
    `  ${name}`,
    String(Math.round(figures.answersPerSec.median)),
    both('p50Ms'),
    both('p99Ms'),
    both('maxMs'),
    String(figures.connectionsPeak.median),
    `${micros(figures.clientCpuUsPerTrial)}/${micros(figures.serverCpuUsPerTrial)} us`,
    `${Math.round(figures.peakRssBytes.median / 2 ** 20)} MiB`,
    `${percent(figures.clientUtilizationRatio)}/${percent(figures.serverUtilizationRatio)} %`,
    errors.join(', '),
    figures.boundBy,
  ];
}

function formatLatency(ms: number | null): string {
  return ms === null ? '-' : ms >= 100 ? (ms / 1e3).toFixed(2) : (ms / 1e3).toFixed(3);
}

function micros(estimate: Estimate | null): string {
  return estimate === null ? '-' : estimate.median.toFixed(0);
}

function percent(estimate: Estimate | null): string {
  return estimate === null ? '-' : String(Math.round(estimate.median * 100));
}

function footLines({
  strategies,
  reference,
  noise,
  scaling,
  roundCount,
  seed,
  order,
  isInterrupted,
}: Comparison): string[] {
  const judged = strategies.filter(({ ratio }) => ratio !== null);
  const unquiet = order.filter(({ isQuiet }) => !isQuiet).length;
  return [
    ...judged.map(({ name, verdict, reason }) => `${name} against ${reference}: ${verdict}; ${reason}`),
    noise.noise === null
      ? `noise: too few pairs of ${noise.strategy} to know it`
      : `noise: ${noise.strategy} against itself ${noise.pairs.length} times; over ${roundCount} rounds a time ratio of ` +
        `${noise.noise.low.toFixed(3)} to ${noise.noise.high.toFixed(3)} is chance${noise.noise.high > NOISY_RATIO ? ': more rounds or a quieter machine would tell more' : ''}`,
    ...(scaling.length === 0
      ? []
      : [
          `scaling: ${scaling
            .map(
              ({ workerCount, wallMs, speedUp }) =>
                `${workerCount} worker(s) ${formatSeconds(wallMs.median)} (${speedUp.toFixed(2)}x)`,
            )
            .join(', ')}`,
        ]),
    `order: ${order.length} rounds, drawn from seed ${seed}` +
      (unquiet === 0 ? '' : `; ${unquiet} began while sockets of others still lingered`),
    ...(isInterrupted ? ['interrupted: rounds that were not whole are left out'] : []),
  ];
}

/** Pads columns to their widest cell, with two spaces between them. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}
