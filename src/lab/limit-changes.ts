// The operating system's limits and counters before the first round and after the last, as rows for a reader.

import type { NetCounters } from '../limits/counters.ts';
import type { Limits } from '../limits/read.ts';
import type { LimitChange } from '../model/comparison.ts';

export interface SystemState {
  readonly limits: Limits;
  readonly counters: NetCounters;
}

type Row = readonly [meaning: string, read: (state: SystemState) => number | string | null];

const ROWS = {
  'cpu.usableCores': ['cores this process may use', ({ limits }) => limits.cpu.usableCores],
  'memory.usableBytes': ['memory that may still be taken', ({ limits }) => limits.memory.usableBytes],
  'files.softCount': ['open files a process may have', ({ limits }) => limits.files.softCount],
  'files.inUseCount': ['open files of this process', ({ limits }) => limits.files.inUseCount],
  'files.systemInUseCount': ['open files of the system', ({ limits }) => limits.files.systemInUseCount],
  'files.systemMaxCount': ['open files the system may have', ({ limits }) => limits.files.systemMaxCount],
  'ports.rangeCount': ['ephemeral ports towards one destination', ({ limits }) => limits.ports.rangeCount],
  'sockets.somaxconnCount': ['the longest accept queue', ({ limits }) => limits.sockets.somaxconnCount],
  'threads.usableCount': ['threads that may still start', ({ limits }) => limits.threads.usableCount],
  'tcp.inUseCount': ['TCP sockets in use', ({ counters }) => counters.gauges.inUseCount],
  'tcp.timeWaitCount': ['TCP sockets in TIME_WAIT', ({ counters }) => counters.gauges.timeWaitCount],
  'tcp.listenOverflowCount': [
    'connections an accept queue had no room for',
    ({ counters }) => counters.counters.listenOverflowCount,
  ],
  'tcp.synRetransmitCount': ['handshakes sent again', ({ counters }) => counters.counters.synRetransmitCount],
  'tcp.retransmitCount': ['segments sent again', ({ counters }) => counters.counters.retransmitCount],
  'tcp.activeOpenCount': ['connections opened', ({ counters }) => counters.counters.activeOpenCount],
  'tcp.abortOnMemoryCount': [
    'connections lost to memory pressure',
    ({ counters }) => counters.counters.abortOnMemoryCount,
  ],
} as const satisfies Record<string, Row>;

/**
 * One row for each limit or counter. Counters only grow, so their difference covers the rounds and all other
 * programs.
 */
export function makeLimitChanges(before: SystemState, after: SystemState): LimitChange[] {
  return Object.entries<Row>(ROWS).map(([name, [meaning, read]]) => ({
    name,
    meaning,
    before: read(before),
    after: read(after),
  }));
}
