// Handles a temporary lack of ports: how long it lasts, whether waiting ends sooner than running in waves,
// and the wait itself. The judgement is pure.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Destination } from '../limits/held-ports.ts';
import { freePorts } from '../limits/capacity.ts';
import { measureTimeWaitReuse } from '../limits/probe-ports.ts';
import { type Limits, readLimits } from '../limits/read.ts';
import { cutBy, makePlan } from '../runner/bench/plan/plan.ts';
import type { PlanRequest } from '../runner/bench/plan/plan-request.ts';
import { destinationOfOrigin } from './origin.ts';
import type { RoundOptions } from './round-options.ts';

/** The assumed length of a wave when the delay is not known. */
const UNKNOWN_DELAY_MS = 1_000;
const LONGEST_WAIT_SEC = 61;

export interface PortWait {
  readonly waitSec: number;
  /** Ports that become free meanwhile. */
  readonly portCount: number;
}

/** The wait with which a round ends soonest; null when it ends soonest without waiting. */
export function judgePortWait(request: PlanRequest, limits: Limits): PortWait | null {
  const { server } = request;
  if (server.ours || cutBy(makePlan(request, limits)) !== 'ports') return null;
  const { destination } = server;
  const freeAfter = (sec: number): number => freePorts(limits, destination, sec).count ?? 0;
  const endsAtMs = (sec: number): number => {
    const later = { ...limits, ports: withFreePorts(limits, destination, freeAfter(sec)) };
    const { waveCount, predictedMs } = makePlan(request, later);
    return sec * 1e3 + (predictedMs ?? waveCount * UNKNOWN_DELAY_MS);
  };
  let best = 0;
  let bestMs = endsAtMs(0);
  for (let sec = 1; sec <= LONGEST_WAIT_SEC; sec++) {
    if (freeAfter(sec) === freeAfter(sec - 1)) continue;
    const ms = endsAtMs(sec);
    if (ms < bestMs) [best, bestMs] = [sec, ms];
  }
  return best === 0 ? null : { waitSec: best, portCount: freeAfter(best) - freeAfter(0) };
}

/** The limits as if this many ports were left and nothing else were held. */
function withFreePorts(limits: Limits, { addresses, port }: Destination, count: number): Limits['ports'] {
  const freeCount = freePorts(
    { ...limits, ports: { ...limits.ports, destinations: [] } },
    { addresses, port },
  ).count;
  const liveCount = Math.max(0, (freeCount ?? 0) - count);
  const held = {
    address: addresses?.[0] ?? '127.0.0.1',
    port,
    liveCount,
    timeWaitCount: 0,
    endsInSec: [],
  };
  return { ...limits.ports, destinations: [held] };
}

/**
 * Reads the limits to plan a round with, after waiting for what is short only for a while.
 * @param say called with each line of the countdown
 */
export async function readLimitsForRound(
  options: RoundOptions,
  say: (line: string) => void,
): Promise<Limits> {
  const { server } = options;
  if (server.own) return readLimits();
  const { host, ...destination } = destinationOfOrigin(server.origin);
  const measure = () => measureTimeWaitReuse(readLimits(), host, destination);
  const isTls = server.origin.startsWith('https:');
  const request: PlanRequest = {
    ...options,
    server: { ours: false, delayMs: server.delayMs, isTls, destination },
  };
  let limits = await measure();
  const wait = judgePortWait(request, limits);
  if (wait === null) return limits;
  const { waitSec, portCount } = wait;
  for (let left = waitSec; left > 0; left--) {
    say(`ports: waiting ${left} s for ${portCount} in TIME_WAIT towards ${host}, which is sooner than waves`);
    await sleep(1_000);
  }
  limits = await measure();
  return limits;
}
