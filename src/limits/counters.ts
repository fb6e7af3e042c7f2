// The kernel's TCP counters before and after a run. What it dropped and sent again is the only evidence of an
// accept queue that overflowed, because no socket sees an error. The counters belong to the network name
// space, so they include other programs.
import type { LimitRoots } from './fact-reader.ts';
import { peekText } from './fact-reader.ts';

/** Counters that only grow: our name, then the file and line they are in and the kernel's name. */
export const NET_COUNTERS = {
  listenOverflowCount: ['netstat', 'TcpExt', 'ListenOverflows'],
  listenDropCount: ['netstat', 'TcpExt', 'ListenDrops'],
  synRetransmitCount: ['netstat', 'TcpExt', 'TCPSynRetrans'],
  timeoutCount: ['netstat', 'TcpExt', 'TCPTimeouts'],
  abortOnMemoryCount: ['netstat', 'TcpExt', 'TCPAbortOnMemory'],
  abortOnTimeoutCount: ['netstat', 'TcpExt', 'TCPAbortOnTimeout'],
  memoryPressureCount: ['netstat', 'TcpExt', 'TCPMemoryPressures'],
  synQueueCookieCount: ['netstat', 'TcpExt', 'TCPReqQFullDoCookies'],
  synQueueDropCount: ['netstat', 'TcpExt', 'TCPReqQFullDrop'],
  backlogDropCount: ['netstat', 'TcpExt', 'TCPBacklogDrop'],
  pruneCount: ['netstat', 'TcpExt', 'PruneCalled'],
  receiveQueueDropCount: ['netstat', 'TcpExt', 'TCPRcvQDrop'],
  timeWaitOverflowCount: ['netstat', 'TcpExt', 'TCPTimeWaitOverflow'],
  activeOpenCount: ['snmp', 'Tcp', 'ActiveOpens'],
  passiveOpenCount: ['snmp', 'Tcp', 'PassiveOpens'],
  attemptFailCount: ['snmp', 'Tcp', 'AttemptFails'],
  resetEstablishedCount: ['snmp', 'Tcp', 'EstabResets'],
  retransmitCount: ['snmp', 'Tcp', 'RetransSegs'],
  sentResetCount: ['snmp', 'Tcp', 'OutRsts'],
} as const;

export type NetCounterName = keyof typeof NET_COUNTERS;

/** Current values: our name, then the kernel's name in the TCP line of sockstat. Memory is in pages. */
export const NET_GAUGES = {
  inUseCount: 'inuse',
  timeWaitCount: 'tw',
  orphanCount: 'orphan',
  allocatedCount: 'alloc',
  memoryPageCount: 'mem',
} as const;

export type NetGaugeName = keyof typeof NET_GAUGES;

/** null when this kernel does not show it. */
export interface NetCounters {
  readonly counters: Readonly<Record<NetCounterName, number | null>>;
  readonly gauges: Readonly<Record<NetGaugeName, number | null>>;
}

export interface NetCounterChange {
  /** The increase of each; null when either side is unknown, or when it decreased (another name space). */
  readonly counters: Readonly<Record<NetCounterName, number | null>>;
  readonly gauges: Readonly<
    Record<NetGaugeName, { readonly before: number | null; readonly after: number | null }>
  >;
}

/**
 * Reads the counters of this network name space in a fraction of a millisecond; all null when there is no /proc.
 */
export function readNetCounters(roots: Pick<LimitRoots, 'proc'> = {}): NetCounters {
  const proc = roots.proc ?? '/proc';
  const tables = { netstat: readTable(`${proc}/net/netstat`), snmp: readTable(`${proc}/net/snmp`) };
  const sockstat = readSockstat(`${proc}/net/sockstat`);
  return {
    counters: mapValues(NET_COUNTERS, ([file, line, name]) => tables[file].get(`${line} ${name}`) ?? null),
    gauges: mapValues(NET_GAUGES, (name) => sockstat.get(name) ?? null),
  };
}

/** The difference of two snapshots of one name space, as plain data for a record. */
export function diffNetCounters(before: NetCounters, after: NetCounters): NetCounterChange {
  return {
    counters: mapValues(NET_COUNTERS, (_, name) => {
      const from = before.counters[name];
      const to = after.counters[name];
      return from === null || to === null || to < from ? null : to - from;
    }),
    gauges: mapValues(NET_GAUGES, (_, name) => ({ before: before.gauges[name], after: after.gauges[name] })),
  };
}

/** netstat and snmp pair a line of names with a line of values; both start with the same word. */
function readTable(path: string): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  let names: string[] = [];
  for (const line of (peekText(path) ?? '').split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] !== names[0]) {
      names = words;
      continue;
    }
    const label = (words[0] ?? '').replace(':', '');
    for (const [index, name] of names.entries()) {
      const value = Number(words[index]);
      if (index > 0 && Number.isFinite(value)) table.set(`${label} ${name}`, value);
    }
    names = [];
  }
  return table;
}

function readSockstat(path: string): ReadonlyMap<string, number> {
  const line = /^TCP: (.*)$/m.exec(peekText(path) ?? '')?.[1] ?? '';
  return new Map(
    Array.from(line.matchAll(/(\w+) (\d+)/g), ([, name = '', value]) => [name, Number(value)] as const),
  );
}

function mapValues<const Table extends object, Value>(
  table: Table,
  map: (entry: Table[keyof Table], name: keyof Table) => Value,
): Record<keyof Table, Value> {
  const entries = Object.entries(table) as [keyof Table, Table[keyof Table]][];
  return Object.fromEntries(entries.map(([name, entry]) => [name, map(entry, name)])) as Record<
    keyof Table,
    Value
  >;
}
