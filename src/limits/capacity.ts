// How many connections each limit allows. Pure: from facts to a number and the sentence that explains it. The
// planner takes the smallest; check.ts judges with the same numbers, so the two always agree.
import type { LimitName } from '../model/finding.ts';
import { type Destination, REUSE_AFTER_MS, TIME_WAIT_MS } from './held-ports.ts';
import type { Limits } from './read.ts';

/** `count` is null when the limit is unknown here or there is none; the sentence says which. */
export interface Capacity {
  /** Which limit it is. */
  readonly limit: LimitName;
  readonly count: number | null;
  readonly reason: string;
}

/** Open before the first connection: 22 in an idle Node.js 26 process on Linux (epoll, eventfd, io_uring, pipes). */
const IDLE_FILE_COUNT = 24;
/**
 * Each worker thread opens an epoll, an eventfd, an io_uring and two ends of a pipe; measured with 1 to 4 threads.
 */
const WORKER_FILE_COUNT = 5;
/** A forked process costs its parent one channel, and three pipes when its output is read; measured with 1 to 3. */
const CHILD_FILE_COUNT = 4;
/** Files that a run opens for a while: a source, a sink, a journal, a name look-up, a profile. */
const PASSING_FILE_COUNT = 8;

export interface FileUsers {
  /** Worker threads of this one process. */
  readonly workerCount: number;
  /** Processes that this one forks. @default 0 */
  readonly childCount?: number;
}

/**
 * Files that one process needs besides its connections. Files that are open when the facts are read are
 * counted, so read the facts before opening the pool; otherwise its threads count twice.
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
  if (softCount === null)
    return { limit: 'files', count: null, reason: 'the limit of open files cannot be read here' };
  if (softCount === 'unlimited') return { limit: 'files', count: null, reason: 'open files are not limited' };
  const reservedCount = countReservedFiles(limits, users);
  return {
    limit: 'files',
    count: Math.max(0, softCount - reservedCount),
    reason: `${softCount} open files a process, ${reservedCount} of them kept for Node.js and its threads`,
  };
}

/** The share of the port range that is left to other programs. */
const KEPT_PORTS_RATIO = 0.02;

/** Local ports towards one destination. All null when the range cannot be read. */
export interface FreePorts {
  /** Ports that new connections can get. */
  readonly count: number | null;
  /**
   * How many of them can be had at the usual cost. Linux first gives `connect` ports of one parity (all of
   * 10,000 were even here) and searches through them before it turns to the other: beyond half of the range a
   * connect works, but is slower.
   */
  readonly quickCount: number | null;
  /** Ports that other connections hold now, and those in TIME_WAIT that new connections do not get. */
  readonly heldCount: number;
}

/**
 * @param destination where the connections go; null for a server that is not started yet
 * @param afterSec look this many seconds ahead, assuming that nothing else connects
 */
export function freePorts(limits: Limits, destination: Destination | null, afterSec = 0): FreePorts {
  const { rangeCount } = limits.ports;
  const heldCount = destination === null ? 0 : countHeldPorts(limits, destination, afterSec);
  if (rangeCount === null) return { count: null, quickCount: null, heldCount };
  const left = (count: number) => Math.max(0, Math.floor(count) - heldCount);
  return {
    count: left(rangeCount * (1 - KEPT_PORTS_RATIO)),
    quickCount: left(rangeCount / 2),
    heldCount,
  };
}

/** Connections to `destinationCount` (address, port) pairs. */
export function maxConnectionsByPorts(
  limits: Limits,
  destinationCount: number,
  destination: Destination | null,
): Capacity {
  const { lowPort, highPort } = limits.ports;
  const { count, heldCount } = freePorts(limits, destination);
  if (count === null)
    return { limit: 'ports', count: null, reason: 'the range of ephemeral ports cannot be read here' };
  return {
    limit: 'ports',
    count: count * destinationCount,
    reason: `${count} ${towards(destinationCount)}: the ephemeral ports ${lowPort}-${highPort}, less ${heldCount} held now`,
  };
}

/** Text such as `10 ports towards …`. */
export function towards(destinationCount: number): string {
  return destinationCount === 1
    ? 'towards one destination'
    : `towards each of ${destinationCount} destinations`;
}

function countHeldPorts(limits: Limits, { addresses, port }: Destination, afterSec: number): number {
  const { destinations, timeWaitCount } = limits.ports;
  // The table was not read: everything in TIME_WAIT may be towards this destination.
  if (destinations === null) return isReused(limits, addresses) ? 0 : (timeWaitCount ?? 0);
  const held = destinations
    .filter((one) => one.port === port && (addresses === null || addresses.includes(one.address)))
    .map(({ liveCount, endsInSec, address }) => {
      const untilSec = isReused(limits, [address]) ? (TIME_WAIT_MS - REUSE_AFTER_MS) / 1e3 : 0;
      const waiting = endsInSec.filter((_, second) => second >= untilSec + afterSec);
      return liveCount + waiting.reduce((sum, count) => sum + count, 0);
    });
  // Of several addresses the first that answers is used, and any may be first.
  return Math.max(0, ...held);
}

/**
 * Whether new connections get a port that has been in TIME_WAIT for a second: as measured, else by the setting.
 */
function isReused({ ports, sockets }: Limits, addresses: readonly string[] | null): boolean {
  if (ports.isTimeWaitReused !== null) return ports.isTimeWaitReused;
  if (sockets.timeWaitReuse === 1) return true;
  return sockets.timeWaitReuse === 2 && addresses !== null && addresses.every(isLoopback);
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

/** A quarter stays free for the page cache, the kernel's socket memory and other programs. */
export const MEMORY_USE_RATIO = 0.75;

/**
 * Connections that memory allows, at a measured cost each; includes the server's side when it is on this machine.
 */
export function maxConnectionsByMemory(limits: Limits, costBytes: number): Capacity {
  const mayTakeBytes = limits.memory.usableBytes * MEMORY_USE_RATIO;
  return {
    limit: 'memory',
    count: Math.floor(mayTakeBytes / costBytes),
    reason:
      `${formatMiB(mayTakeBytes)} (three quarters of what the ${limits.memory.boundBy} leaves) ` +
      `at ${costBytes} bytes a connection`,
  };
}

export function formatMiB(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
