// The accept queue, a limit that is exceeded silently. The kernel finishes handshakes before the server
// accepts, so a client that waits for each connection before the next does not protect the queue. Only a queue
// that holds all connections, or a server that accepts faster than the client connects, prevents losses. Pure.
import type { Capacity } from './capacity.ts';
import type { Limits } from './read.ts';

export interface AcceptQueue {
  /** Whether the server is ours, so that the other two numbers are known. */
  readonly ours: boolean;
  /** Listening sockets over all replicas and destinations, each with a queue of its own. */
  readonly queueCount: number;
  /** The backlog that was given to `listen`. */
  readonly backlog: number;
}

/** Assumed for a server that is not ours: one queue of 511, the default of Node.js, nginx and Apache. */
export const FOREIGN_ACCEPT_QUEUE: AcceptQueue = { ours: false, queueCount: 1, backlog: 511 };

/** Used when somaxconn cannot be read: the default of the BSDs, macOS and Linux before 5.4. */
const OLD_SOMAXCONN_COUNT = 128;

/**
 * The length of one queue: the kernel caps the backlog at somaxconn. A foreign queue is assumed to be at most 511.
 */
export function queueLength(limits: Limits, queue: AcceptQueue): number {
  const backlog = queue.ours ? queue.backlog : Math.min(queue.backlog, FOREIGN_ACCEPT_QUEUE.backlog);
  return Math.max(1, Math.min(backlog, limits.sockets.somaxconnCount ?? OLD_SOMAXCONN_COUNT));
}

/**
 * Connections that cannot be lost at any rate, because the queues hold them all even if the server accepts
 * none. The kernel distributes connections by a hash, so some queues get more than others: the mean must
 * leave four standard deviations (m + 4 sqrt(m) <= length).
 */
export function maxConnectionsByAcceptQueue(
  limits: Limits,
  queue: AcceptQueue,
): Capacity & { count: number } {
  const length = queueLength(limits, queue);
  const whose = queue.ours ? '' : ' (a server that is not ours is taken to have one of 511)';
  if (!queue.ours || queue.queueCount === 1)
    return { limit: 'accept-queue', count: length, reason: `one accept queue holds ${length}${whose}` };
  const eachCount = Math.max(1, Math.floor((Math.sqrt(4 + length) - 2) ** 2));
  return {
    limit: 'accept-queue',
    count: eachCount * queue.queueCount,
    reason: `${queue.queueCount} accept queues hold ${length} each, filled to ${eachCount} on average`,
  };
}

export interface ConnectPace {
  /** How many workers may connect at the same time. */
  readonly connectingWorkerCount: number;
  /** Connections that each of them may be opening at once. */
  readonly maxConnecting: number;
  readonly reason: string;
}

/**
 * How to open `connectionCount` connections from up to `workerCount` workers. What fits in the queues needs no
 * limit. Beyond that, for a server that is not ours, one worker connects (two outran its single accepting
 * thread) and opens at most half a queue at once, so that no more are lost when the server pauses for a moment.
 * Our own server accepts from several queues, so all workers connect and share half of what the queues hold.
 */
export function paceConnects(
  limits: Limits,
  queue: AcceptQueue,
  need: { readonly connectionCount: number; readonly workerCount: number },
): ConnectPace {
  const { count, reason } = maxConnectionsByAcceptQueue(limits, queue);
  const shareOf = (total: number, workers: number): number => Math.max(1, Math.floor(total / workers));
  if (need.connectionCount <= count)
    return {
      connectingWorkerCount: need.workerCount,
      maxConnecting: Math.max(1, Math.ceil(need.connectionCount / need.workerCount)),
      reason: `${reason}: all ${need.connectionCount} fit at any pace`,
    };
  const half = Math.floor(count / 2);
  const connectingWorkerCount = queue.ours ? need.workerCount : 1;
  const who =
    connectingWorkerCount === 1 ? 'one worker connects' : `${connectingWorkerCount} workers connect`;
  return {
    connectingWorkerCount,
    maxConnecting: shareOf(half, connectingWorkerCount),
    reason: `${reason}, fewer than ${need.connectionCount}: ${who}, with half of that in the making at once`,
  };
}
