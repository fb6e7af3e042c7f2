// From what was asked and what the machine allows to the numbers of a run: pure, so that the same plan can be printed,
// predicted by the doctor, tested by value and kept in the record. It never refuses; limits/check.ts judges the plan.

import { type ConnectPace, paceConnects } from '../limits/accept-queue.ts';
import {
  type Capacity,
  type FileUsers,
  maxConnectionsByFiles,
  maxConnectionsByMemory,
  maxConnectionsByPorts,
} from '../limits/capacity.ts';
import { resolveCores } from '../limits/cores.ts';
import type { Limits } from '../limits/read.ts';
import type { Family, Plan, PlanReason, Transport } from '../model/plan.ts';
import { acceptQueueOf, COSTS, type PlannedServer, predictMs, serverCosts } from './plan-costs.ts';

/** `auto` leaves a number to the planner. */
export type Auto = 'auto' | number;

export interface PlanRequest {
  readonly strategy: string;
  readonly trialCount: number;
  readonly family: Family;
  readonly transport: 'auto' | Transport;
  readonly cores: Auto;
  /** Lanes a worker. */
  readonly lanes: Auto;
  /** Connections over all workers. */
  readonly connections: Auto;
  /** Requests open at once on a connection. */
  readonly pipelining: Auto;
  /** Requests open at once over all connections. */
  readonly maxInFlight: Auto;
  /** Client processes. */
  readonly processes: Auto;
  readonly server: PlannedServer;
}

/** A local answer takes about this long; to have more in flight than fits in it only costs memory and cache. */
const LEAST_TURNAROUND_MS = 1;
/**
 * Connections one worker has in the making at once. A burst of thousands is one long turn of both event loops, in
 * which no answer is read: 10,000 at once had a p99 1,200 ms over the delay, windows of 300 had 215 ms, in no more time.
 */
const CONNECT_BURST = 250;
/** A lane more for so many connections: each has a connect sweep of its own, and none grows beyond a burst. */
const CONNECTIONS_PER_LANE = 125;
const MAX_PIPELINING = { undici: 100, wire: 1_000 } as const;
const MAX_PIPELINED_IN_FLIGHT = { undici: 100_000, wire: 1_000_000 } as const;
/** Fastify holds a request, a reply and their streams for each. */
const MAX_FASTIFY_IN_FLIGHT = 100_000;
/** HTTP/2 servers commonly allow 100 streams a connection (RFC 9113 section 6.5.2 asks for no fewer). */
const H2_STREAMS = 100;
const MAX_H2_IN_FLIGHT = 10_000;
const MAX_DESTINATIONS = 32;
const MAX_PROCESSES = 16;

/** The plan for a request on a machine. Every `auto` gets a number and the reason for it. */
export function makePlan(request: PlanRequest, limits: Limits): Plan {
  const reasons: PlanReason[] = [];
  const decide = <Value>(field: string, value: Value, reason: string): Value => {
    reasons.push({ field, value: String(value), reason });
    return value;
  };
  const { family, server, trialCount } = request;
  const transport = decide('transport', ...chooseTransport(request));
  const cores = resolveCores(request.cores, limits, { sharesMachineWithServer: server.ours });
  const pipelining = decide('pipelining', ...choosePipelining(request, transport));

  const room = connectionRoom(request, transport, limits, cores.workers);
  const perProcess = maxConnectionsByFiles(limits, fileUsers(request, cores.workers));
  const wanted = wantedInFlight(request, transport, cores.workers);
  const connectionCount = decide('connections', ...chooseConnections(request, pipelining, wanted, room));
  const maxInFlight = decide('maxInFlight', ...chooseInFlight(request, connectionCount * pipelining, wanted));

  const processCount = decide('processes', ...chooseProcesses(request, connectionCount, perProcess));
  const destinationCount = decide('destinations', ...chooseDestinations(request, connectionCount, limits));
  const queue = acceptQueueOf(server, destinationCount);
  const pace = paceConnects(limits, queue, { connectionCount, workerCount: cores.workers });
  const mayBeSpread = request.cores !== 'auto' || pace.connectingWorkerCount >= cores.workers;
  const allowed = mayBeSpread ? cores.workers : pace.connectingWorkerCount;
  const workerCount = Math.min(Math.max(allowed, processCount), connectionCount, maxInFlight);
  decide(
    'workers',
    workerCount,
    workerReason(
      workerCount,
      cores,
      processCount,
      mayBeSpread ? 'no more than there are connections' : pace.reason,
    ),
  );
  const maxConnecting = decide('maxConnecting', ...chooseBurst(pace, workerCount));
  const laneCount = decide('lanes', ...chooseLanes(request, connectionCount, workerCount, destinationCount));

  const waveCount = Math.ceil(trialCount / maxInFlight);
  const floorMs = server.delayMs === null ? null : server.delayMs * waveCount;
  return {
    strategy: request.strategy,
    family,
    transport,
    trialCount,
    processCount,
    workerCount,
    laneCount,
    connectionCount,
    pipelining,
    maxInFlight,
    waveCount,
    destinationCount,
    maxConnecting,
    delayMs: server.delayMs,
    floorMs,
    predictedMs:
      floorMs === null
        ? null
        : predictMs({ floorMs, connectionCount, trialCount, transport, server, limits }),
    reasons,
  };
}

type Decision<Value> = readonly [value: Value, reason: string];

const ASKED_FOR = 'asked for';

function chooseTransport({ transport, family, server }: PlanRequest): Decision<Transport> {
  if (transport !== 'auto') return [transport, ASKED_FOR];
  if (family === 'h2c') return ['undici', 'HTTP/2 is undici’s'];
  if (!server.ours && !server.isPlainHttp) return ['undici', 'TLS is undici’s'];
  return ['wire', 'plain HTTP/1.1; what it does not take goes through undici'];
}

function choosePipelining(
  { pipelining, family, maxInFlight, trialCount, server }: PlanRequest,
  transport: Transport,
): Decision<number> {
  if (family === 'one-per-connection') return [1, 'one request at a time on each connection'];
  if (pipelining !== 'auto') return [pipelining, ASKED_FOR];
  if (family === 'h2c') return [H2_STREAMS, 'streams a connection that servers commonly allow'];
  const inFlight = Math.min(
    maxInFlight === 'auto' ? maxPipelined(transport, server) : maxInFlight,
    trialCount,
  );
  // As many connections as requests on each: neither dimension grows beyond what it needs to.
  const depth = Math.min(MAX_PIPELINING[transport], Math.max(1, Math.ceil(Math.sqrt(inFlight))));
  return [
    depth,
    `the square root of ${inFlight} in flight, at most ${MAX_PIPELINING[transport]} for ${transport}`,
  ];
}

function maxPipelined(transport: Transport, server: PlannedServer): number {
  const most = MAX_PIPELINED_IN_FLIGHT[transport];
  return server.ours && !server.isLean ? Math.min(most, MAX_FASTIFY_IN_FLIGHT) : most;
}

interface Room extends Capacity {
  readonly count: number;
}

/** How many connections fit: the least that files, memory and (over as many destinations as we may use) ports leave. */
function connectionRoom(request: PlanRequest, transport: Transport, limits: Limits, workers: number): Room {
  const { server, processes } = request;
  const costBytes = COSTS[transport].connectionBytes + serverCosts(server).connectionBytes;
  const capacities = [
    timesProcesses(maxConnectionsByFiles(limits, fileUsers(request, workers)), processes),
    ...(server.ours ? [replicaRoom(server.replicaCount, limits)] : []),
    maxConnectionsByPorts(limits, server.ours ? MAX_DESTINATIONS : 1),
    maxConnectionsByMemory(limits, costBytes),
  ];
  const least = capacities.reduce((a, b) => (countOf(b) < countOf(a) ? b : a));
  return { count: Math.max(1, Math.min(countOf(least), Number.MAX_SAFE_INTEGER)), reason: least.reason };
}

/** A server of ours listens on as many ports as the connections need; another one is a single destination. */
function chooseDestinations({ server }: PlanRequest, connections: number, limits: Limits): Decision<number> {
  if (!server.ours) return [1, 'the server is one'];
  const each = Math.max(1, countOf(maxConnectionsByPorts(limits, 1)));
  const needed = Math.max(1, Math.ceil(connections / each));
  // Each replica answers for as many destinations as any other, so that none holds more connections.
  const even = needed === 1 ? 1 : Math.ceil(needed / server.replicaCount) * server.replicaCount;
  const count = Math.min(MAX_DESTINATIONS, even);
  return [count, maxConnectionsByPorts(limits, count).reason];
}

function countOf({ count }: Capacity): number {
  return count ?? Number.POSITIVE_INFINITY;
}

/** A replica is a process with the same limit of open files; the kernel's hash fills none more than a tenth above the mean. */
function replicaRoom(replicaCount: number, limits: Limits): Capacity {
  const one = maxConnectionsByFiles(limits, { workerCount: 0 });
  if (one.count === null) return one;
  const eachCount = replicaCount === 1 ? one.count : Math.floor(one.count * 0.9);
  return {
    count: eachCount * replicaCount,
    reason: `${replicaCount} replica(s) of the server hold ${eachCount} each`,
  };
}

/** What is worth having in flight: no more than trials, and (Little's law) than rate times turnaround. */
function wantedInFlight(
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
  const turnaroundMs = Math.max(LEAST_TURNAROUND_MS, server.delayMs);
  const useful = Math.ceil((COSTS[transport].trialsPerSec * workers * turnaroundMs) / 1e3);
  if (useful < Math.min(trialCount, most)) {
    return [
      useful,
      `${workers} worker(s) at ${COSTS[transport].trialsPerSec}/s fill no more in ${turnaroundMs} ms`,
    ];
  }
  return trialCount <= most
    ? [trialCount, 'all trials at once']
    : [most, `at most ${most} for ${family} through ${transport}`];
}

function chooseConnections(
  request: PlanRequest,
  pipelining: number,
  wanted: Decision<number>,
  room: Room,
): Decision<number> {
  if (request.connections !== 'auto') {
    return request.connections <= request.trialCount
      ? [request.connections, ASKED_FOR]
      : [request.trialCount, `no more than trials, of ${request.connections} asked for`];
  }
  const inFlight =
    request.maxInFlight === 'auto' ? wanted[0] : Math.min(request.maxInFlight, request.trialCount);
  const why = request.maxInFlight === 'auto' ? wanted[1] : `${request.maxInFlight} in flight asked for`;
  const needed = Math.max(1, Math.ceil(inFlight / pipelining));
  return needed <= room.count ? [needed, why] : [room.count, room.reason];
}

function chooseInFlight(request: PlanRequest, positions: number, wanted: Decision<number>): Decision<number> {
  const most = Math.min(positions, request.trialCount);
  if (request.maxInFlight === 'auto') {
    return most <= wanted[0]
      ? [most, 'connections x pipelining']
      : [Math.max(1, Math.min(most, wanted[0])), wanted[1]];
  }
  return request.maxInFlight <= most ? [request.maxInFlight, ASKED_FOR] : [most, 'connections x pipelining'];
}

function chooseLanes(
  request: PlanRequest,
  connections: number,
  workers: number,
  destinations: number,
): Decision<number> {
  const perWorker = Math.floor(connections / workers);
  if (request.lanes !== 'auto')
    return [Math.min(request.lanes, perWorker) * workers, `${ASKED_FOR}, ${request.lanes} a worker`];
  const lanes = Math.max(Math.min(destinations, perWorker), Math.ceil(perWorker / CONNECTIONS_PER_LANE));
  return [
    lanes * workers,
    `one for ${CONNECTIONS_PER_LANE} connections of a worker, at least one a destination`,
  ];
}

function chooseBurst(pace: ConnectPace, workers: number): Decision<number> {
  if (pace.maxConnecting <= CONNECT_BURST) return [pace.maxConnecting, pace.reason];
  return [
    CONNECT_BURST,
    `no more at once for each of ${workers} worker(s), so that answers do not wait behind connects`,
  ];
}

function workerReason(
  workers: number,
  cores: { workers: number; reason: string },
  processes: number,
  why: string,
): string {
  if (workers === cores.workers) return cores.reason;
  return workers === processes ? 'one for each process' : why;
}

function fileUsers({ server, processes }: PlanRequest, workerCount: number): FileUsers {
  const children = processes === 'auto' ? 0 : processes - 1;
  return { workerCount, childCount: children + (server.ours ? server.replicaCount : 0) };
}

/** Only a process count that was asked for makes room: more processes than one cost more than a second wave does. */
function timesProcesses(one: Capacity, processes: Auto): Capacity {
  if (processes === 'auto' || processes === 1 || one.count === null) return one;
  return { count: one.count * processes, reason: `${one.reason}, ${processes} processes` };
}

function chooseProcesses(
  { processes, connections }: PlanRequest,
  count: number,
  perProcess: Capacity,
): Decision<number> {
  if (processes !== 'auto') return [Math.min(processes, count), ASKED_FOR];
  if (connections === 'auto' || perProcess.count === null) return [1, 'one, whose limits the plan fits'];
  const needed = Math.ceil(count / Math.max(1, perProcess.count));
  return [Math.min(MAX_PROCESSES, needed), `${count} connections at ${perProcess.count} a process`];
}
