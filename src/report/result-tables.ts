// The tables of strategies: what they computed and how fast, how long single answers took, and what it cost.
// Families are separate, because their figures cannot be compared.

import type { Comparison, StrategyResult } from '../model/comparison.ts';
import { FAMILIES } from '../model/plan.ts';
import type { Percentiles } from '../model/record.ts';
import {
  formatBytes,
  formatCount,
  formatInterval,
  formatMedian,
  formatMicroseconds,
  formatMs,
  formatShare,
  formatTimes,
  LEAST_FOR_P99,
  NO_NUMBER,
} from './format-numbers.ts';
import { type Column, plainTable, type ReportTable, type TableGroup } from './report-table.ts';
import { medianRound } from './median-round.ts';
import { FAMILY_TITLES } from './verdict.ts';

const numbers = (...titles: readonly string[]): Column[] =>
  titles.map((title) => ({ title, isNumber: true }));

/** `computed value … for … trials in …`, as a table. */
export function resultTable(comparison: Comparison): ReportTable {
  return {
    caption: 'Strategies',
    columns: [
      { title: 'strategy' },
      ...numbers('computed value', 'trials', 'time', 'interval', 'floor', 'efficiency', 'answers/s'),
    ],
    groups: byFamily(comparison, (strategy) => resultCells(strategy, comparison.trialCount)),
  };
}

function resultCells(strategy: StrategyResult, trialCount: number): string[] {
  const { name, figures, plan, projected, rounds } = strategy;
  const trials = formatCount(plan.trialCount);
  const time = formatMs(figures.wallMs.median);
  return [
    name,
    formatCount(medianRound(rounds)?.tally.valueSum ?? null),
    projected === null ? trials : `${trials} of ${formatCount(trialCount)}`,
    projected === null ? time : `${time}, projected`,
    formatInterval(figures.wallMs.interval, formatMs),
    formatMs(figures.floorMs),
    formatMedian(figures.efficiencyRatio, formatShare),
    formatCount(figures.answersPerSec.median),
  ];
}

/** null when there is nothing to compare. */
export function speedTable(comparison: Comparison): ReportTable | null {
  if (comparison.strategies.length < 2) return null;
  return {
    caption: `Against ${comparison.reference}, round by round`,
    columns: [
      { title: 'strategy' },
      ...numbers('speed-up', 'interval'),
      { title: 'verdict' },
      { title: 'reason', isLong: true },
    ],
    groups: byFamily(comparison, ({ name, ratio, verdict, reason }) => [
      name,
      formatTimes(ratio?.speedUp ?? (verdict === 'reference' ? 1 : null)),
      formatInterval(ratio?.speedUpInterval ?? null, formatTimes),
      verdict,
      reason,
    ]),
  };
}

export function latencyTable(comparison: Comparison): ReportTable {
  return {
    caption: 'Latency of single answers, all rounds in one histogram',
    columns: [
      { title: 'strategy' },
      ...numbers('answers', 'p50', 'p90', 'p99', 'p99.9', 'max'),
      ...numbers('p50 from the send', 'p99 from the send', 'max from the send'),
    ],
    groups: byFamily(comparison, ({ name, figures: { latency, wireLatency } }) => [
      name,
      formatCount(latency.count),
      ...latencyCells(latency, ['p50Ms', 'p90Ms', 'p99Ms', 'p999Ms', 'maxMs']),
      ...latencyCells(wireLatency, ['p50Ms', 'p99Ms', 'maxMs']),
    ]),
  };
}

function latencyCells(percentiles: Percentiles, fields: readonly (keyof Percentiles)[]): string[] {
  return fields.map((field) =>
    field === 'p99Ms' && percentiles.count < LEAST_FOR_P99 ? NO_NUMBER : formatMs(percentiles[field]),
  );
}

export function costTable(comparison: Comparison): ReportTable {
  return {
    caption: 'What it took',
    columns: [
      { title: 'strategy' },
      ...numbers('workers', 'connections', 'client CPU a trial', 'server CPU a trial', 'memory'),
      ...numbers('client loop', 'server loop', 'failed', 'repeated'),
      { title: 'bound by' },
    ],
    groups: byFamily(comparison, ({ name, plan, figures }) => [
      name,
      formatCount(plan.workerCount),
      formatMedian(figures.connectionsPeak, formatCount),
      formatMedian(figures.clientCpuUsPerTrial, formatMicroseconds),
      formatMedian(figures.serverCpuUsPerTrial, formatMicroseconds),
      formatMedian(figures.peakRssBytes, formatBytes),
      formatMedian(figures.clientUtilizationRatio, formatShare),
      formatMedian(figures.serverUtilizationRatio, formatShare),
      formatCount(figures.failedCount),
      formatCount(figures.repeatCount),
      figures.boundBy,
    ]),
  };
}

function byFamily(
  { strategies }: Comparison,
  cells: (strategy: StrategyResult) => readonly string[],
): TableGroup[] {
  const groups = FAMILIES.map((family) => ({
    title: FAMILY_TITLES[family],
    rows: strategies.filter((strategy) => strategy.family === family).map(cells),
  })).filter(({ rows }) => rows.length > 0);
  return groups.length > 1 ? groups : groups.map(({ rows }) => ({ title: null, rows }));
}

/** null when the scaling was not measured. */
export function scalingTable({ scaling, reference }: Comparison): ReportTable | null {
  if (scaling.length === 0) return null;
  const rows = scaling.map((point) => [
    formatCount(point.workerCount),
    formatMs(point.wallMs.median),
    formatInterval(point.wallMs.interval, formatMs),
    formatTimes(point.speedUp),
    formatCount(point.answersPerSec.median),
    formatMicroseconds(point.clientCpuUsPerTrial.median),
  ]);
  return plainTable(
    `Scaling of ${reference} over workers`,
    [{ title: 'workers' }, ...numbers('time', 'interval', 'speed-up', 'answers/s', 'client CPU a trial')],
    rows.length === 0 ? [[NO_NUMBER]] : rows,
  );
}
