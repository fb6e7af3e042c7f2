// Makes the tables of figures in the README and docs/benchmarks.md from the newest result of each kind in
// benchmarks/results, so that every figure there has its record.

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { CaseRecord, ComparisonRecord } from '../benchmarks/compare/comparison-record.ts';
import { type Measurement, readMetric } from '../benchmarks/compare/measurement.ts';
import { summarize } from '../benchmarks/compare/statistics.ts';
import type { Comparison } from '../src/model/comparison.ts';

const RESULTS = new URL('../benchmarks/results/', import.meta.url);

/** The newest record whose name ends so and that `suits`: names begin with the time. @throws Error when there is none */
function newest<Record>(
  ending: string,
  suits: (record: Record) => boolean,
): { name: string; record: Record } {
  const names = readdirSync(RESULTS).filter((name) => name.endsWith(`-${ending}.json`));
  for (const name of names.toSorted().toReversed()) {
    const record = JSON.parse(readFileSync(new URL(name, RESULTS), 'utf8')) as Record;
    if (suits(record)) return { name: basename(name, '.json'), record };
  }
  throw new Error(`expected a kept result that ends in -${ending}.json, found none in ${RESULTS.pathname}`);
}

function duration(ms: number): string {
  if (ms < 120_000) return `${(ms / 1000).toPrecision(3)} s`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const link = (name: string, from: 'README' | 'docs') =>
  `[record](${from === 'README' ? '' : '../'}benchmarks/results/${name}.md)`;

/** Every strategy of the newest kept comparison of strategies. */
export function strategyFigures(): string {
  const { name, record } = newest<Comparison>(
    'strategies',
    ({ schema }) => schema === 'spillway-comparison/1',
  );
  const rows = record.strategies.map(({ name: strategy, meaning, figures, projected, verdict }) => {
    const { wallMs, connectionsPeak, clientCpuUsPerTrial, latency } = figures;
    const cells = [
      `\`${strategy}\``,
      meaning,
      `${duration(wallMs.median)}${projected === null ? '' : ' *'}`,
      connectionsPeak.median.toLocaleString('en-US'),
      latency.p99Ms === null ? '–' : duration(latency.p99Ms),
      projected === null ? `${Math.round(clientCpuUsPerTrial.median)} us` : '–',
      verdict,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const { low, high } = record.noise?.noise ?? { low: Number.NaN, high: Number.NaN };
  const { cpuModel, coreCount } = record.machine;
  const trials = record.trialCount.toLocaleString('en-US');
  return [
    `| strategy | what it is | ${trials} trials | connections | p99 | CPU a trial | against \`${record.reference}\` |`,
    '|---|---|--:|--:|--:|--:|---|',
    ...rows,
    '',
    `Medians of ${record.roundCount} rounds in random order on ${record.startedAt.slice(0, 10)}, ${coreCount} cores (${cpuModel}) shared with the`,
    `mock server; the delay alone takes ${duration(record.delayMs ?? 0)}. Against itself \`${record.reference}\` took ${low.toFixed(2)} to ${high.toFixed(2)} of its`,
    `time: what lies inside that is called no difference. * fewer trials, projected by waves. ${link(name, 'README')}`,
  ].join('\n');
}

/** What one case of a comparison with other programs says, a row an entry. */
function caseTable(one: CaseRecord): string[] {
  const rows = one.entries.flatMap((entry) => {
    const own = one.measurements.filter((measurement) => measurement.entry === entry);
    if (own.length === 0) return [];
    const figure = (metric: Parameters<typeof readMetric>[1]) => valuesOf(own, metric);
    const walls = figure('wallMs');
    if (walls.length === 0) return [`| ${entry} | failed | – | – | 0 of ${own.length} |`];
    const { median, min, max } = summarize(walls);
    const seconds = (ms: number) => (ms / 1000).toFixed(2);
    const cells = [
      entry.startsWith('spillway') ? `**${entry}**` : entry,
      `${seconds(median)} s (${seconds(min)} to ${seconds(max)})`,
      `${Math.round(summarize(figure('cpuUsPerRequest')).median)} us`,
      `${Math.round(summarize(figure('peakRssBytes')).median / 1e6)} MB`,
      `${walls.length} of ${own.length}`,
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  return [
    '| program | time, median (least to most) | client CPU a request | memory | whole runs |',
    '|---|--:|--:|--:|--:|',
    ...rows,
  ];
}

function valuesOf(measurements: readonly Measurement[], metric: Parameters<typeof readMetric>[1]): number[] {
  return measurements.map((each) => readMetric(each, metric)).filter((value) => value !== null);
}

/** The newest kept table of a suite's case, with its conditions. */
function comparisonFigures(suite: string, caseName: string, from: 'README' | 'docs'): string {
  const find = (record: ComparisonRecord) =>
    record.cases.find((one) => one.name.startsWith(caseName) && one.measurements.length > 0);
  const { name, record } = newest<ComparisonRecord>(suite, (one) => find(one) !== undefined);
  const found = find(record) as CaseRecord;
  const { cpuModel, coreCount } = record.machine;
  return [
    ...caseTable(found),
    '',
    `${found.name}: ${record.roundCount} interleaved rounds on ${record.startedAt.slice(0, 10)}, ${coreCount} cores (${cpuModel}), client and`,
    `server on the same machine; ${link(name, from)} with versions, commands and the load meanwhile.`,
  ].join('\n');
}

export const nginxFigures = (): string =>
  comparisonFigures('one-per-connection', '10,000 x 1 s, nginx', 'README');
export const millionFigures = (): string => comparisonFigures('pipelined', '1,000,000', 'docs');

const DAY_MS = 86_400_000;
const BILLION = 1e9;

/** The ways of the demonstrations in Python on one server: the time of a download, and what a billion would take. */
function pythonCase(
  caseName: string,
  from: 'README' | 'docs',
  isShown: (entry: string) => boolean,
): string[] {
  const find = (record: ComparisonRecord) =>
    record.cases.find((one) => one.name.includes(caseName) && one.measurements.length > 0);
  const { name, record } = newest<ComparisonRecord>('from-python', (one) => find(one) !== undefined);
  const found = find(record) as CaseRecord;
  const rows = found.entries.filter(isShown).flatMap((entry) => {
    const own = found.measurements.filter((measurement) => measurement.entry === entry);
    if (own.length === 0) return [];
    const each = own.flatMap((one) => {
      const wallMs = readMetric(one, 'wallMs');
      return wallMs === null || one.answered === null ? [] : [wallMs / one.answered.okCount];
    });
    const shown = entry.startsWith('spillway') ? `**${entry}**` : entry;
    if (each.length === 0) return [`| ${shown} | failed | – | – |`];
    const eachMs = summarize(each).median;
    const cpuUs = summarize(valuesOf(own, 'cpuUsPerRequest')).median;
    const days = ((eachMs * BILLION) / DAY_MS).toFixed(1);
    return [
      `| ${shown} | ${Number((eachMs * 1e3).toPrecision(3)).toLocaleString('en-US')} us | ${days} days | ${Math.round(cpuUs)} us |`,
    ];
  });
  const { cpuModel, coreCount } = record.machine;
  return [
    '| client | a download | a billion | client CPU a download |',
    '|---|--:|--:|--:|',
    ...rows,
    '',
    `${found.name}: ${record.roundCount} round(s) on ${record.startedAt.slice(0, 10)}, ${coreCount} cores (${cpuModel}) with both sides and`,
    `other programs on them, so that only ratios say something; ${link(name, from)}.`,
  ];
}

export const fastApiFigures = (): string => pythonCase('FastAPI', 'docs', () => true).join('\n');
export const fastApiBriefly = (): string =>
  pythonCase('FastAPI', 'README', (entry) => !entry.includes('10 sessions') || entry.startsWith('16')).join(
    '\n',
  );
export const ownServerFigures = (): string => pythonCase('own server', 'docs', () => true).join('\n');
