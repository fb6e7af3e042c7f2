// The pause between rounds: until the sockets of the last one are gone, for ports in TIME_WAIT make the next connects
// dearer (14,000 of them double their cost). Bounded, and ended early where waiting does not help.

import { setTimeout as sleep } from 'node:timers/promises';
import { readNetCounters } from '../limits/counters.ts';
import { nowMs } from '../measure/clock.ts';

/** So few cost nothing that could be measured. */
const QUIET_SOCKETS = 1_000;
const LOOK_EVERY_MS = 50;
const LONGEST_PAUSE_MS = 15_000;
/** Sockets that do not become fewer in this time belong to somebody else, or stay for the kernel's whole minute. */
const PATIENCE_MS = 400;

export interface Quiet {
  readonly pausedMs: number;
  readonly timeWaitCount: number | null;
  readonly isQuiet: boolean;
}

/** Resolves when TIME_WAIT and orphaned sockets are few, do not become fewer, or after 15 s. */
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
