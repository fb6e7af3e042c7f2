// Turns what was asked and what the machine allows into the numbers of a run. Pure, so that the same plan can be
// printed, predicted by the doctor, tested by value and kept in the record. It never refuses; limits/check.ts
// judges the plan.

import { type ConnectPace, paceConnects } from '../../../limits/accept-queue.ts';
import { type Capacity, maxConnectionsByFiles } from '../../../limits/capacity.ts';
import { resolveCores } from '../../../limits/cores.ts';
import type { Limits } from '../../../limits/read.ts';
import type { LimitName } from '../../../model/finding.ts';
import type { Plan, PlanReason, Transport } from '../../../model/plan.ts';
import { acceptQueueOf, predictMs } from './plan-costs.ts';
import { choosePipelining, wantedInFlight } from './plan-in-flight.ts';
import { ASKED_FOR, type Decision, type PlanRequest } from './plan-request.ts';
import {
  chooseDestinations,
  connectionCapacity,
  fileUsers,
  type ConnectionCapacity,
} from './plan-capacity.ts';

/**
 * Connections that one worker opens at once. A burst of thousands is one long turn of both event loops, in which no
 * answer is read: 10,000 at once had a p99 1,200 ms over the delay; windows of 300 had 215 ms, in no more time.
 */
const CONNECT_BURST = 250;
/** Adds a lane for each this many connections: each lane opens its own connections, and none exceeds a burst. */
const CONNECTIONS_PER_LANE = 125;
const MAX_PROCESSES = 16;
/** Key among the reasons that is there only when a limit of this machine makes the plan smaller than it would be. */
const CUT_BY = 'cutBy';

/** Makes the plan for a request on a machine. Every `auto` gets a number and the reason for it. */
export function makePlan(request: PlanRequest, limits: Limits): Plan {
  const reasons: PlanReason[] = [];
  const decide = <Value>(field: string, value: Value, reason: string): Value => {
    reasons.push({ field, value: String(value), reason });
    return value;
  };
  const { family, server, trialCount } = request;
  const transport = decide('transport', ...chooseTransport(request));
  const cores = resolveCores(request.cores, limits, { sharesMachineWithServer: server.ours });
  const wanted = wantedInFlight(request, transport, cores.workers);
  const pipelining = decide('pipelining', ...choosePipelining(request, transport, wanted, cores.workers));

  const capacity = connectionCapacity(request, transport, limits, cores.workers);
  const perProcess = maxConnectionsByFiles(limits, fileUsers(request, cores.workers));
  const [connections, why] = chooseConnections(request, pipelining, wanted, capacity);
  const connectionCount = decide('connections', connections, why);
  if (why === capacity.reason) decide(CUT_BY, capacity.limit, capacity.reason);
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

/** How often each position would be used in turn if no limit of this machine reduced the connections. */
export function leastWaveCount(request: PlanRequest, limits: Limits): number {
  const cores = resolveCores(request.cores, limits, { sharesMachineWithServer: request.server.ours });
  const [wanted] = wantedInFlight(request, chooseTransport(request)[0], cores.workers);
  const inFlight = request.maxInFlight === 'auto' ? wanted : Math.min(wanted, request.maxInFlight);
  return Math.ceil(request.trialCount / Math.max(1, inFlight));
}

/** The limit of this machine that reduces the connections of a plan; null where none does. */
export function cutBy({ reasons }: Plan): LimitName | null {
  const cut = reasons.find(({ field }) => field === CUT_BY)?.value;
  return cut === undefined ? null : (cut as LimitName);
}

function chooseTransport({ transport, family }: PlanRequest): Decision<Transport> {
  if (transport !== 'auto') return [transport, ASKED_FOR];
  if (family === 'h2c') return ['undici', 'HTTP/2 is undici’s'];
  return ['wire', 'HTTP/1.1; what it does not take goes through undici'];
}

function chooseConnections(
  request: PlanRequest,
  pipelining: number,
  wanted: Decision<number>,
  capacity: ConnectionCapacity,
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
  return needed <= capacity.count ? [needed, why] : [capacity.count, capacity.reason];
}

function chooseInFlight(request: PlanRequest, positions: number, wanted: Decision<number>): Decision<number> {
  const most = Math.min(positions, request.trialCount);
  if (request.maxInFlight === 'auto') {
    if (most <= wanted[0]) return [most, 'connections x pipelining'];
    // A user who asks for connections wants them used, whether or not they are worth it.
    const least = request.connections === 'auto' ? 1 : Math.min(request.connections, most);
    return wanted[0] >= least ? wanted : [least, 'one on each connection that was asked for'];
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
