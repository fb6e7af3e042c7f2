// The tables around the result: the system's limits and counters, what was found about them, noise, the order of the
// rounds, the plans and the machine.

import type { Comparison, LimitChange } from '../model/comparison.ts';
import { LIMIT_NAMES } from '../model/finding.ts';
import { formatBytes, formatCount, formatMs, formatTimes, NO_NUMBER } from './format-numbers.ts';
import { plainTable, type ReportTable } from './report-table.ts';
import { roundsOf } from './verdict.ts';

const numbers = (...titles: readonly string[]) => titles.map((title) => ({ title, isNumber: true }));

/** null where nothing was read. */
export function limitsTable({ limits }: Comparison): ReportTable | null {
  if (limits.length === 0) return null;
  return plainTable(
    'Limits and counters of the system, before the first round and after the last',
    [{ title: 'name' }, { title: 'meaning' }, ...numbers('before', 'after', 'change')],
    limits.map(({ name, meaning, before, after }) => [
      name,
      meaning,
      limitValue(before),
      limitValue(after),
      limitChange({ before, after }),
    ]),
  );
}

function limitValue(value: number | string | null): string {
  return typeof value === 'number' ? formatCount(value) : (value ?? NO_NUMBER);
}

function limitChange({ before, after }: Pick<LimitChange, 'before' | 'after'>): string {
  if (typeof before !== 'number' || typeof after !== 'number') return before === after ? '' : NO_NUMBER;
  if (before === after) return '';
  return `${after > before ? '+' : '−'}${formatCount(Math.abs(after - before))}`;
}

/** What the plans needed of each limit: the tightest finding of any strategy. */
export function findingsTable({ strategies }: Comparison): ReportTable {
  const tightest = new Map<string, readonly string[]>();
  const weight = { refused: 3, tight: 2, unknown: 1, ok: 0 };
  const worst = new Map<string, number>();
  for (const { name, rounds } of strategies) {
    for (const { limit, verdict, allowed, needed, message, fix } of rounds[0]?.findings ?? []) {
      const load = weight[verdict] + (allowed === null ? 0 : Math.min(needed / Math.max(allowed, 1), 0.999));
      if (load <= (worst.get(limit) ?? -1)) continue;
      worst.set(limit, load);
      const format = limit === 'memory' ? formatBytes : formatCount;
      const advice = verdict === 'ok' || fix === null ? '' : `; ${fix}`;
      tightest.set(limit, [limit, verdict, format(needed), format(allowed), name, `${message}${advice}`]);
    }
  }
  return plainTable(
    'What the plans needed of each limit',
    [
      { title: 'limit' },
      { title: 'verdict' },
      ...numbers('needed', 'allowed'),
      { title: 'nearest in' },
      { title: 'what was found' },
    ],
    Object.keys(LIMIT_NAMES).flatMap((limit) => {
      const row = tightest.get(limit);
      return row === undefined ? [] : [row];
    }),
  );
}

/** What the kernel counted while the rounds ran; only what grew, null where nothing did. */
export function networkTable(comparison: Comparison): ReportTable | null {
  const rows = comparison.strategies.flatMap(({ name, rounds }) =>
    rounds.flatMap((round, index) =>
      Object.entries(round.network ?? {})
        .filter(([counter, grown]) => TROUBLE.has(counter) && grown !== null && grown > 0)
        .map(([counter, grown]) => [name, String(index + 1), counter, formatCount(grown)]),
    ),
  );
  if (rows.length === 0) return null;
  return plainTable(
    'What the kernel dropped or sent again, by round',
    [{ title: 'strategy' }, ...numbers('round'), { title: 'counter' }, ...numbers('grown by')],
    rows,
  );
}

/** Counters that do not grow in a run that goes well. */
const TROUBLE = new Set([
  'listenOverflowCount',
  'listenDropCount',
  'synRetransmitCount',
  'timeoutCount',
  'abortOnMemoryCount',
  'abortOnTimeoutCount',
  'memoryPressureCount',
  'synQueueCookieCount',
  'synQueueDropCount',
  'backlogDropCount',
  'pruneCount',
  'receiveQueueDropCount',
  'timeWaitOverflowCount',
  'attemptFailCount',
  'retransmitCount',
]);

/** null for a single round. */
export function orderTable({ order }: Comparison): ReportTable | null {
  if (order.length < 2) return null;
  return plainTable(
    'Rounds in the order they were run',
    [
      { title: 'strategy' },
      { title: 'role' },
      ...numbers('round', 'time', 'waited before', 'in TIME_WAIT', 'memory'),
      { title: 'quiet before' },
    ],
    order.map((round) => [
      round.strategy,
      round.role,
      String(round.round),
      formatMs(round.wallMs),
      formatMs(round.pausedMs),
      formatCount(round.timeWaitCount),
      formatBytes(round.peakRssBytes),
      round.isQuiet ? 'yes' : 'no',
    ]),
  );
}

/** The reference against itself; null without pairs. */
export function noiseTable({ noise }: Comparison): ReportTable | null {
  if (noise.pairs.length === 0) return null;
  return plainTable(
    `${noise.strategy} against itself`,
    [{ title: 'pair' }, ...numbers('first', 'second', 'ratio of times')],
    noise.pairs.map(({ firstMs, secondMs, ratio }, index) => [
      String(index + 1),
      formatMs(firstMs),
      formatMs(secondMs),
      formatTimes(ratio),
    ]),
  );
}

export function planTable({ strategies }: Comparison): ReportTable {
  return {
    caption: 'Why the plans are what they are',
    columns: [{ title: 'number' }, { title: 'value' }, { title: 'reason' }],
    groups: strategies.map(({ spec, meaning, guard, plan }) => ({
      title: `${spec}: ${meaning}${guard === null ? '' : `; the guard allowed ${guard}`}`,
      rows: plan.reasons.map(({ field, value, reason }) => [field, value, reason]),
    })),
  };
}

/** The first failures of any round, named; null where nothing failed. */
export function failuresTable(comparison: Comparison): ReportTable | null {
  const rows = roundsOf(comparison).flatMap(({ strategy, failures }) =>
    failures.map(({ trial, code, attempts, message }) => [
      strategy,
      `/${trial}`,
      code,
      String(attempts),
      message,
    ]),
  );
  if (rows.length === 0) return null;
  return plainTable(
    `Failures, the first ${Math.min(rows.length, MAX_FAILURES)} that were named`,
    [
      { title: 'strategy' },
      { title: 'trial' },
      { title: 'code' },
      ...numbers('attempts'),
      { title: 'message' },
    ],
    rows.slice(0, MAX_FAILURES),
  );
}

const MAX_FAILURES = 50;

export function machineTable({
  machine,
  versions,
  origin,
  delayMs,
  startedAt,
  endedAt,
}: Comparison): ReportTable {
  return plainTable(
    'Environment',
    [{ title: 'what' }, { title: 'value' }],
    [
      ['processor', `${machine.cpuModel}, ${machine.coreCount} cores, ${machine.usableCores} usable`],
      ['memory', formatBytes(machine.memoryBytes)],
      ['system', `${machine.platform}, kernel ${machine.kernel}`],
      ['load average at the start', machine.loadAverage.map((load) => load.toFixed(2)).join(', ')],
      ['server', origin === 'own server' ? 'mock server on this machine, which shares its cores' : origin],
      ['delay of an answer', formatMs(delayMs)],
      ['started', startedAt],
      ['ended', endedAt],
      ...Object.entries(versions).map(([name, version]) => [name, version]),
    ],
  );
}
