// The pause between rounds: waits until the sockets of the last round are gone, because ports in TIME_WAIT
// make the next connects slower (14,000 of them double the cost). It is bounded, and ends early when waiting
// does not help.

import { setTimeout as sleep } from 'node:timers/promises';
import { readNetCounters } from '../limits/counters.ts';
import { nowMs } from '../measure/clock.ts';

/** So few sockets have no cost that could be measured. */
const QUIET_SOCKETS = 1_000;
const LOOK_EVERY_MS = 50;
const LONGEST_PAUSE_MS = 15_000;
/**
 * Sockets that do not decrease within this time belong to other programs, or stay for the kernel's full minute.
 */
const PATIENCE_MS = 400;

export interface Quiet {
  readonly pausedMs: number;
  readonly timeWaitCount: number | null;
  readonly isQuiet: boolean;
}

/** Resolves when sockets in TIME_WAIT and orphaned ones are few, when they stop decreasing, or after 15 s. */
export async function waitUntilQuiet(signal: AbortSignal, look = lingeringSockets): Promise<Quiet> {
  const startMs = nowMs();
  let least = Number.POSITIVE_INFINITY;
  let leastAtMs = startMs;
  for (;;) {
    const { timeWaitCount, lingering } = look();
    const atMs = nowMs();
    const isQuiet = lingering <= QUIET_SOCKETS;
    if (lingering < least) {
      least = lingering;
      leastAtMs = atMs;
    }
    const isLate = atMs - startMs > LONGEST_PAUSE_MS || atMs - leastAtMs > PATIENCE_MS;
    if (isQuiet || isLate || signal.aborted) return { pausedMs: atMs - startMs, timeWaitCount, isQuiet };
    await sleep(LOOK_EVERY_MS);
  }
}

export interface LingeringSockets {
  readonly timeWaitCount: number | null;
  /** In TIME_WAIT, or closed by their owner and still in the kernel's queues. */
  readonly lingering: number;
}

function lingeringSockets(): LingeringSockets {
  const { timeWaitCount, orphanCount } = readNetCounters().gauges;
  return { timeWaitCount, lingering: (timeWaitCount ?? 0) + (orphanCount ?? 0) };
}
