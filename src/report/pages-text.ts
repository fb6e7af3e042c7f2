// The second scenario as lines of text, beside the times of its reference programs. Pure.

import { medianOf } from '../measure/statistics.ts';
import type { PagesRecord, PagesRound, PagesStrategy } from '../model/pages-record.ts';
import { alignColumns } from './comparison-text.ts';
import { formatSeconds } from './round-text.ts';

/** Times of the reference programs for 25 files, by the delay of the server, whose lists were delayed too. */
const REFERENCE_MS: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  0: { sequential: 228, threaded: 213, async: 188 },
  300: { sequential: 9_430, threaded: 1_990, async: 1_930 },
};
const REFERENCE_FILES = 25;

export function pagesLines(record: PagesRecord): string[] {
  const { fileCount, perPage, delayMs, strategies } = record;
  const reference = fileCount === REFERENCE_FILES ? REFERENCE_MS[delayMs] : undefined;
  return [
    `${fileCount} files, listed by pages of ${perPage} while they are downloaded, ${delayMs} ms each, by workers that stand ready:`,
    ...strategies.map(resultLine),
    '',
    ...alignColumns([
      [
        '',
        'floor',
        'efficiency',
        'files/s',
        'p50',
        'max',
        'workers',
        'in flight',
        'connections',
        'CPU a file',
        'the reference',
      ],
      ...strategies.map((strategy) => row(strategy, fileCount, reference?.[strategy.name])),
    ]).map((line) => line.trimEnd()),
    ...(reference === undefined
      ? []
      : [
          '  the reference: its own machine, one file after another, threads, asyncio; its list pages waited as long as its files',
        ]),
    ...strategies.flatMap(({ name, rounds }) =>
      rounds.flatMap(({ problems }) => problems.map((problem) => `${name}: ${problem}`)),
    ),
  ];
}

function resultLine({ name, wallMs, rounds, guard }: PagesStrategy): string {
  const range =
    wallMs.interval === null
      ? ''
      : ` (${formatSeconds(wallMs.interval.low)} to ${formatSeconds(wallMs.interval.high)} in ${rounds.length} rounds)`;
  const whole = rounds.every(({ problems }) => problems.length === 0);
  const found = Math.min(...rounds.map(({ foundOnce }) => foundOnce));
  const sent = Math.min(...rounds.map(({ sentOnce }) => sentOnce));
  const proof = `${found} on disk once, ${sent} sent once by the server`;
  return `  ${name}: ${formatSeconds(wallMs.median)}${range}; ${whole ? 'proof' : 'PROOF BROKEN'}: ${proof}${guard === null ? '' : `; ${guard}`}`;
}

function row(strategy: PagesStrategy, fileCount: number, referenceMs: number | undefined): string[] {
  const { name, floorMs, wallMs, rounds, workerCount, maxInFlight } = strategy;
  const median = (read: (round: PagesRound) => number) => medianOf(rounds.map(read));
  return [
    `  ${name}`,
    formatSeconds(floorMs),
    `${Math.round((floorMs / wallMs.median) * 100)} %`,
    ((fileCount * 1e3) / wallMs.median).toFixed(1),
    formatSeconds(median(({ p50Ms }) => p50Ms ?? 0)),
    formatSeconds(median(({ maxMs }) => maxMs ?? 0)),
    String(workerCount),
    String(maxInFlight),
    String(median(({ connectionsOpened }) => connectionsOpened)),
    `${Math.round(median(({ clientCpuUsPerFile }) => clientCpuUsPerFile))} us`,
    referenceMs === undefined ? '-' : formatSeconds(referenceMs),
  ];
}
