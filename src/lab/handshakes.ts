// Finds handshakes that the kernel dropped silently: no socket sees an error, but the connection is one or
// three seconds late. Judged from the kernel's counters together with the run's connect times. Pure.

import type { Finding } from '../model/finding.ts';
import type { TrialsReport } from '../model/record.ts';

/** What was lost between the start and the end of a run. */
export interface HandshakeLosses {
  /** SYNs sent again, and handshakes for which an accept queue had no room; of the whole network name space. */
  readonly lost: number;
  /** Connections of this run that were late by one retransmission or more. */
  readonly delayed: number;
  /** How many of these were near one second, near three seconds, and seven or more. */
  readonly steps: readonly [atOneSecond: number, atThreeSeconds: number, later: number];
}

/**
 * Retransmissions come 1, 3, 7 … seconds after the first SYN (RFC 6298: a timeout of one second that
 * doubles), so a connection counts for the last of these that it reached. The steps are a tenth of a second
 * lower, because the kernel's timers are coarse.
 */
const STEPS_MS = [900, 2_900, 6_900] as const;

export function countHandshakeLosses({ network, connectTime }: TrialsReport): HandshakeLosses {
  const lost = network === null ? 0 : (network.listenOverflowCount ?? 0) + (network.synRetransmitCount ?? 0);
  if (lost === 0) return { lost: 0, delayed: 0, steps: [0, 0, 0] };
  const steps: [number, number, number] = [0, 0, 0];
  for (const [lowerUs, count] of connectTime.histogram.buckets) {
    const step = STEPS_MS.findLastIndex((ms) => lowerUs >= ms * 1e3);
    if (step >= 0) steps[step] = (steps[step] as number) + count;
  }
  return { lost, delayed: steps[0] + steps[1] + steps[2], steps };
}

/**
 * The finding to show, or null. The counters cover the whole machine, so a loss that made none of this run's
 * connections late belongs to another program.
 */
export function judgeHandshakes(losses: HandshakeLosses, ours: boolean): Finding | null {
  if (losses.delayed === 0) return null;
  const [one, three, later] = losses.steps;
  return {
    limit: 'accept-queue',
    verdict: 'tight',
    allowed: null,
    needed: losses.delayed,
    message:
      `expected no handshake to be lost, found ${losses.lost} dropped or sent again while the run went on; ` +
      `${losses.delayed} connections stood late (${one} by 1 s, ${three} by 3 s, ${later} by more): ` +
      (ours
        ? 'give the server more listeners'
        : 'open fewer connections, or give the server a longer backlog'),
    fix: 'sysctl -w net.core.somaxconn=65535',
    buys: 'longer accept queues, for a server that asks for them',
  };
}
