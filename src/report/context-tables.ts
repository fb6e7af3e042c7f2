// The tables around the result: the system's limits and counters, what was found about them, noise, the order of the
// rounds, the plans and the machine.

import type { Comparison, LimitChange } from '../model/comparison.ts';
import { LIMIT_NAMES } from '../model/finding.ts';
import { formatBytes, formatCount, formatMs, formatTimes, NO_NUMBER } from './format-numbers.ts';
import { plainTable, type ReportTable } from './report-table.ts';
import { roundsOf } from './verdict.ts';

const numbers = (...titles: readonly string[]) => titles.map((title) => ({ title, isNumber: true }));

/** null when no limit was read. */
export function limitsTable({ limits }: Comparison): ReportTable | null {
  if (limits.length === 0) return null;
  return plainTable(
    'Limits and counters of the system, before the first round and after the last',
    [{ title: 'name' }, { title: 'meaning', isLong: true }, ...numbers('before', 'after', 'change')],
    limits.map(({ name, meaning, before, after }) => [
      name,
      meaning,
      limitValue(name, before),
      limitValue(name, after),
      limitChange(name, before, after),
    ]),
  );
}

function limitValue(name: string, value: number | string | null): string {
  if (typeof value !== 'number') return value ?? NO_NUMBER;
  return name.endsWith('Bytes') ? formatBytes(value) : formatCount(value);
}

function limitChange(name: string, before: LimitChange['before'], after: LimitChange['after']): string {
  if (before === after) return '';
  if (typeof before !== 'number' || typeof after !== 'number') return NO_NUMBER;
  return `${after > before ? '+' : '−'}${limitValue(name, Math.abs(after - before))}`;
}

/** The tightest finding of any strategy for each limit. */
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
      { title: 'what was found', isLong: true },
    ],
    Object.keys(LIMIT_NAMES).flatMap((limit) => {
      const row = tightest.get(limit);
      return row === undefined ? [] : [row];
    }),
  );
}

/** Kernel counters that grew while the rounds ran; null when none did. */
export function networkTable({ strategies }: Comparison): ReportTable | null {
  const rows = strategies.flatMap(({ name, rounds }) =>
    TROUBLE.flatMap(([counter, meaning]) => {
      const grown = rounds.map(({ network }) => network?.[counter] ?? null);
      return grown.some((count) => count !== null && count > 0)
        ? [[name, meaning, grown.map(formatCount).join(', ')]]
        : [];
    }),
  );
  if (rows.length === 0) return null;
  return plainTable(
    'What the kernel dropped or sent again, other programs’ part included',
    [{ title: 'strategy' }, { title: 'what' }, { title: 'in each round', isNumber: true }],
    rows,
  );
}

/** Counters that do not grow in a healthy run, by the names under which the record keeps them. */
const TROUBLE = [
  ['listenOverflowCount', 'connections an accept queue had no room for'],
  ['listenDropCount', 'handshakes dropped by a listening socket'],
  ['synRetransmitCount', 'handshakes sent again'],
  ['synQueueCookieCount', 'handshakes answered by cookies, for want of room'],
  ['synQueueDropCount', 'handshakes dropped for want of room'],
  ['attemptFailCount', 'connections that could not be made'],
  ['retransmitCount', 'segments sent again'],
  ['timeoutCount', 'waits for an acknowledgement that ran out'],
  ['backlogDropCount', 'segments dropped from a backlog'],
  ['receiveQueueDropCount', 'segments dropped from a receive queue'],
  ['pruneCount', 'receive queues cut for want of memory'],
  ['memoryPressureCount', 'times TCP came under memory pressure'],
  ['abortOnMemoryCount', 'connections lost to memory pressure'],
  ['abortOnTimeoutCount', 'connections lost to a time-out'],
  ['timeWaitOverflowCount', 'sockets in TIME_WAIT beyond the limit'],
] as const;

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

/** The measurements of the reference against itself; null without pairs. */
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
    columns: [{ title: 'number' }, { title: 'value' }, { title: 'reason', isLong: true }],
    groups: strategies.map(({ spec, meaning, guard, plan }) => ({
      title: `${spec}: ${meaning}${guard === null ? '' : `; the guard allowed ${guard}`}`,
      rows: plan.reasons.map(({ field, value, reason }) => [field, value, reason]),
    })),
  };
}

/** The first failures of all rounds, named; null when nothing failed. */
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
      { title: 'message', isLong: true },
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
