// How many connections each limit leaves room for: pure, from facts to a number and the sentence that says why. The
// planner takes the least of them; check.ts judges with the same numbers, so the two cannot part ways.
import type { Limits } from './read.ts';

/** `count` null: the limit is unknown here, or there is none, and it says which. */
export interface Capacity {
  readonly count: number | null;
  readonly reason: string;
}

/** Open before the first connection: 22 in an idle Node.js 26 process on Linux (epoll, eventfd, io_uring, pipes). */
const IDLE_FILE_COUNT = 24;
/** Each worker thread opens an epoll, an eventfd, an io_uring and a pipe of two; measured with 1 to 4 threads. */
const WORKER_FILE_COUNT = 5;
/** A forked process costs its parent one channel, and three pipes when its output is read; measured with 1 to 3. */
const CHILD_FILE_COUNT = 4;
/** For what a run opens in passing: a source, a sink, a journal, a name look-up, a profile. */
const PASSING_FILE_COUNT = 8;

export interface FileUsers {
  /** Worker threads of this one process. */
  readonly workerCount: number;
  /** Processes that this one forks. @default 0 */
  readonly childCount?: number;
}

/**
 * Files that one process needs besides its connections. What is open when the facts are read counts, so read them
 * before the pool is opened; else its threads count twice.
 */
export function countReservedFiles(
  limits: Pick<Limits, 'files'>,
  { workerCount, childCount = 0 }: FileUsers,
): number {
  const base = Math.max(IDLE_FILE_COUNT, limits.files.inUseCount ?? 0);
  return base + workerCount * WORKER_FILE_COUNT + childCount * CHILD_FILE_COUNT + PASSING_FILE_COUNT;
}

/** Connections that one process may hold: the open-files limit less what Node.js, its threads and children open. */
export function maxConnectionsByFiles(limits: Limits, users: FileUsers): Capacity {
  const { softCount } = limits.files;
  if (softCount === null) return { count: null, reason: 'the limit of open files cannot be read here' };
  if (softCount === 'unlimited') return { count: null, reason: 'open files are not limited' };
  const reservedCount = countReservedFiles(limits, users);
  return {
    count: Math.max(0, softCount - reservedCount),
    reason: `${softCount} open files a process, ${reservedCount} of them kept for Node.js and its threads`,
  };
}

/**
 * Connections to `destinationCount` (address, port) pairs: half of the ephemeral range each, less what the busiest
 * destination holds now, TIME_WAIT included. Half, because Linux gives `connect` the ports of one parity first (all of
 * 10,000 were even here) and walks through them before it turns to the other.
 */
export function maxConnectionsByPorts(limits: Limits, destinationCount: number): Capacity {
  const { rangeCount, lowPort, highPort } = limits.ports;
  if (rangeCount === null) return { count: null, reason: 'the range of ephemeral ports cannot be read here' };
  const heldCount = countHeldPorts(limits);
  const eachCount = Math.max(0, Math.floor(rangeCount / 2) - heldCount);
  return {
    count: eachCount * destinationCount,
    reason:
      `${eachCount} ${towards(destinationCount)}: half of the ephemeral ports ` +
      `${lowPort}-${highPort}, less ${heldCount} held now`,
  };
}

/** As in `10 ports towards …`. */
export function towards(destinationCount: number): string {
  return destinationCount === 1
    ? 'towards one destination'
    : `towards each of ${destinationCount} destinations`;
}

/** Ports held towards the busiest destination; where the table was not read, all that are in TIME_WAIT. */
export function countHeldPorts(limits: Limits): number {
  return limits.ports.heldByOneDestinationCount ?? limits.ports.timeWaitCount ?? 0;
}

/** A quarter stays free: for the page cache, the kernel's socket memory and whoever else lives here. */
export const MEMORY_USE_RATIO = 0.75;

/** Connections at a measured cost each, both sides included where both are on this machine. */
export function maxConnectionsByMemory(limits: Limits, costBytes: number): Capacity {
  const mayTakeBytes = limits.memory.usableBytes * MEMORY_USE_RATIO;
  return {
    count: Math.floor(mayTakeBytes / costBytes),
    reason:
      `${formatMiB(mayTakeBytes)} (three quarters of what the ${limits.memory.boundBy} leaves) ` +
      `at ${costBytes} bytes a connection`,
  };
}

export function formatMiB(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
