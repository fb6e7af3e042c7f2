// How much is worth having in flight, and how many requests each connection carries: the shape of a plan before the
// limits of the machine are considered. Pure.

import type { Transport } from '../../../model/plan.ts';
import { type PlannedServer, serverCosts, trialsPerSec } from './plan-costs.ts';
import { ASKED_FOR, type Decision, type PlanRequest } from './plan-request.ts';

/** A local answer takes about this long; more in flight than fits in this time only costs memory and cache. */
const LEAST_TURNAROUND_MS = 1;
/**
 * A turn of pipelines takes longer, because each read and write carries many answers. 2,000,000 trials without a
 * delay on two workers: 8,000 in flight as 32 connections x 250 took 1.0 s, 1,000 in flight as 32 x 32 1.9 s, 64 x
 * 64 1.6 s.
 */
const PIPELINED_TURNAROUND_MS = 8;
/** Connections of each worker when the server does not delay: more of them only make every read and write smaller. */
const PIPELINES_PER_WORKER = 16;
const MAX_PIPELINING = { undici: 100, wire: 1_000 } as const;
const MAX_PIPELINED_IN_FLIGHT = { undici: 100_000, wire: 1_000_000 } as const;
/** Fastify holds a request, a reply and their streams for each request in flight. */
const MAX_FASTIFY_IN_FLIGHT = 100_000;
/** HTTP/2 servers commonly allow 100 streams a connection (RFC 9113 section 6.5.2 asks for no fewer). */
const H2_STREAMS = 100;
const MAX_H2_IN_FLIGHT = 10_000;

/** How much is worth having in flight: at most the trial count, and at most rate x turnaround (Little's law). */
export function wantedInFlight(
  { family, trialCount, server }: PlanRequest,
  transport: Transport,
  workers: number,
): Decision<number> {
  const most =
    family === 'h2c'
      ? MAX_H2_IN_FLIGHT
      : family === 'pipelined'
        ? maxPipelined(transport, server)
        : trialCount;
  if (server.delayMs === null) return [Math.min(trialCount, most), 'all trials at once'];
  const isShort = family === 'pipelined' && isShorterThanATurn(server);
  const leastMs = isShort ? PIPELINED_TURNAROUND_MS : LEAST_TURNAROUND_MS;
  const turnaroundMs = Math.max(leastMs, server.delayMs);
  const clientPerSec = trialsPerSec(transport, family) * workers;
  const serverPerSec = isShort ? pipelinesPerSec(server) : Number.POSITIVE_INFINITY;
  const useful = Math.ceil((Math.min(clientPerSec, serverPerSec) * turnaroundMs) / 1e3);
  if (useful < Math.min(trialCount, most)) {
    const who =
      serverPerSec < clientPerSec
        ? `the server at ${Math.round(serverPerSec)}/s fills`
        : `${workers} worker(s) at ${trialsPerSec(transport, family)}/s fill`;
    return [useful, `${who} no more in ${turnaroundMs} ms`];
  }
  return trialCount <= most
    ? [trialCount, 'all trials at once']
    : [most, `at most ${most} for ${family} through ${transport}`];
}

/** How many requests are open at once on a connection, so that all connections together reach `inFlight`. */
export function choosePipelining(
  { pipelining, family, maxInFlight, trialCount, connections, server }: PlanRequest,
  transport: Transport,
  wanted: Decision<number>,
  workers: number,
): Decision<number> {
  if (family === 'one-per-connection') return [1, 'one request at a time on each connection'];
  if (pipelining !== 'auto') return [pipelining, ASKED_FOR];
  const inFlight = maxInFlight === 'auto' ? wanted[0] : Math.min(maxInFlight, trialCount);
  const most = family === 'h2c' ? H2_STREAMS : MAX_PIPELINING[transport];
  const limit = family === 'h2c' ? 'streams that servers commonly allow' : `for ${transport}`;
  const over = (count: number, what: string): Decision<number> => [
    Math.min(most, Math.ceil(inFlight / count)),
    `${inFlight} in flight over ${what}, at most ${most} ${limit}`,
  ];
  if (connections !== 'auto') return over(connections, `${connections} connection(s)`);
  if (family === 'h2c') return over(workers, `${workers} worker(s)`);
  if (isShorterThanATurn(server))
    return over(workers * PIPELINES_PER_WORKER, `${PIPELINES_PER_WORKER} connections a worker`);
  // About as many connections as requests on each, so that neither grows beyond what it needs to.
  const depth = Math.min(most, Math.ceil(Math.sqrt(inFlight)));
  return [depth, `the square root of ${inFlight} in flight, at most ${most} ${limit}`];
}

function isShorterThanATurn({ delayMs }: PlannedServer): boolean {
  return delayMs !== null && delayMs < PIPELINED_TURNAROUND_MS;
}

/** Fastify is slower than any client: requests that it cannot answer within a turn only wait there. */
function pipelinesPerSec(server: PlannedServer): number {
  if (!server.ours || server.isLean) return Number.POSITIVE_INFINITY;
  return (server.replicaCount * 1e6) / serverCosts(server).trialUs;
}

function maxPipelined(transport: Transport, server: PlannedServer): number {
  const most = MAX_PIPELINED_IN_FLIGHT[transport];
  return server.ours && !server.isLean ? Math.min(most, MAX_FASTIFY_IN_FLIGHT) : most;
}
