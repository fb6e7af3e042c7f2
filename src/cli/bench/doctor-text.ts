// The doctor's findings as lines of text: facts, judgement, plan with its reasons, prediction. Pure.

import type { NameFacts } from '../../limits/names.ts';
import type { Limits } from '../../limits/read.ts';
import type { Finding } from '../../model/finding.ts';
import type { Plan } from '../../model/plan.ts';
import { printable } from '../../report/printable.ts';
import { planLine } from '../../report/round-text.ts';

/** How names are looked up, and what would help a run over many hosts. */
export function nameLines({ servers, search, ndots, hasLocalCache, advice }: NameFacts): string[] {
  const listed = search.length === 0 ? 'no search list' : `search ${search.join(' ')}, ndots ${ndots}`;
  return [
    'names',
    `  ${'name servers'.padEnd(24)} ${servers.map(printable).join(', ')}  (${hasLocalCache ? 'on this machine' : 'not on this machine'}; ${printable(listed)})`,
    ...advice.map((text) => `  ${'would help'.padEnd(24)} ${text}`),
  ];
}

type Shown = number | string | null;

export function doctorLines(limits: Limits, findings: readonly Finding[], plan: Plan): string[] {
  return [
    'facts',
    ...factRows(limits).map(
      ([name, value, note]) => `  ${name.padEnd(24)} ${value}${note === '' ? '' : `  (${note})`}`,
    ),
    ...limits.unknown.map(({ fact, reason }) => `  ${fact.padEnd(24)} unknown  (${reason})`),
    '',
    'findings',
    ...findings.flatMap(findingRows),
    '',
    planLine(plan, findings),
    ...plan.reasons.map(({ field, value, reason }) => `  ${field.padEnd(14)} ${value.padEnd(20)} ${reason}`),
    predictionLine(plan),
  ];
}

function factRows({
  cpu,
  memory,
  files,
  ports,
  sockets,
  threads,
}: Limits): [name: string, value: string, note: string][] {
  return [
    ['usable cores', show(cpu.usableCores), cpu.how],
    [
      'memory',
      `${mib(memory.usableBytes)} usable of ${mib(memory.totalBytes)}`,
      `bound by the ${memory.boundBy}`,
    ],
    [
      'open files',
      `${show(files.softCount)} soft, ${show(files.hardCount)} hard`,
      `${show(files.inUseCount)} in use`,
    ],
    ['open files, system', `${show(files.systemInUseCount)} of ${show(files.systemMaxCount)}`, ''],
    [
      'ephemeral ports',
      `${show(ports.lowPort)}-${show(ports.highPort)}`,
      `${show(ports.rangeCount)} a destination, ${show(ports.timeWaitCount)} in TIME_WAIT`,
    ],
    ['accept queue', show(sockets.somaxconnCount), 'net.core.somaxconn caps every backlog'],
    ['SYN queue', show(sockets.maxSynBacklogCount), `syncookies ${show(sockets.syncookies)}`],
    [
      'connection tracking',
      sockets.isTracking === true
        ? `${show(sockets.conntrackCount)} of ${show(sockets.conntrackMaxCount)}`
        : sockets.isTracking === null
          ? 'unknown'
          : 'not loaded',
      '',
    ],
    [
      'threads and processes',
      show(threads.usableCount),
      threads.boundBy === null ? '' : `bound by the ${threads.boundBy}`,
    ],
  ];
}

function findingRows({ verdict, limit, message, fix, buys }: Finding): string[] {
  const rows = [`  ${verdict.padEnd(8)} ${limit}: ${message}`];
  if (verdict !== 'ok' && fix !== null) rows.push(`           to lift it: ${fix}  (buys ${buys})`);
  return rows;
}

function predictionLine({ floorMs, predictedMs, delayMs, waveCount }: Plan): string {
  if (floorMs === null || predictedMs === null || delayMs === null)
    return 'predicted: unknown, because the delay is (say --delay)';
  return `predicted: about ${seconds(predictedMs)}, of it ${seconds(floorMs)} the floor (${waveCount} x ${seconds(delayMs)})`;
}

function show(value: Shown): string {
  return value === null ? 'unknown' : String(value);
}

function mib(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}

function seconds(ms: number): string {
  return `${(ms / 1e3).toFixed(1)} s`;
}
