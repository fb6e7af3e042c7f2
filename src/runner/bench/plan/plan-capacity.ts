// How many connections fit on the machine, by open files, memory and ports on both sides, and over how many
// destinations they are spread. Pure.

import {
  type Capacity,
  type FileUsers,
  maxConnectionsByFiles,
  maxConnectionsByMemory,
  maxConnectionsByPorts,
  freePorts,
} from '../../../limits/capacity.ts';
import type { Limits } from '../../../limits/read.ts';
import type { Transport } from '../../../model/plan.ts';
import { clientCosts, destinationOf, serverCosts } from './plan-costs.ts';
import type { Auto, Decision, PlanRequest } from './plan-request.ts';

const MAX_DESTINATIONS = 32;

export interface ConnectionCapacity extends Capacity {
  readonly count: number;
}

/**
 * How many connections fit: the lowest bound of files, memory and (over as many destinations as are allowed) ports.
 */
export function connectionCapacity(
  request: PlanRequest,
  transport: Transport,
  limits: Limits,
  workers: number,
): ConnectionCapacity {
  const { server, processes } = request;
  const costBytes = clientCosts(transport, server).connectionBytes + serverCosts(server).connectionBytes;
  const capacities = [
    timesProcesses(maxConnectionsByFiles(limits, fileUsers(request, workers)), processes),
    ...(server.ours ? [replicaCapacity(server.replicaCount, limits)] : []),
    maxConnectionsByPorts(limits, server.ours ? MAX_DESTINATIONS : 1, destinationOf(server)),
    maxConnectionsByMemory(limits, costBytes),
  ];
  const least = capacities.reduce((a, b) => (countOf(b) < countOf(a) ? b : a));
  return { ...least, count: Math.max(1, Math.min(countOf(least), Number.MAX_SAFE_INTEGER)) };
}

/** Our own server listens on as many ports as the connections need; another server is a single destination. */
export function chooseDestinations(
  { server }: PlanRequest,
  connections: number,
  limits: Limits,
): Decision<number> {
  if (!server.ours) return [1, 'the server is one'];
  const each = Math.max(1, freePorts(limits, null).quickCount ?? Number.POSITIVE_INFINITY);
  const needed = Math.max(1, Math.ceil(connections / each));
  // Each replica answers for the same number of destinations, so that none holds more connections than the others.
  const even = needed === 1 ? 1 : Math.ceil(needed / server.replicaCount) * server.replicaCount;
  const count = Math.min(MAX_DESTINATIONS, even);
  return [count, maxConnectionsByPorts(limits, count, null).reason];
}

function countOf({ count }: Capacity): number {
  return count ?? Number.POSITIVE_INFINITY;
}

/**
 * A replica is a process with the same limit on open files. The kernel's hash gives no replica more than a tenth
 * above the mean.
 */
function replicaCapacity(replicaCount: number, limits: Limits): Capacity {
  const one = maxConnectionsByFiles(limits, { workerCount: 0 });
  if (one.count === null) return one;
  const eachCount = replicaCount === 1 ? one.count : Math.floor(one.count * 0.9);
  return {
    limit: 'server-files',
    count: eachCount * replicaCount,
    reason: `${replicaCount} replica(s) of the server hold ${eachCount} each`,
  };
}

export function fileUsers({ server, processes }: PlanRequest, workerCount: number): FileUsers {
  const children = processes === 'auto' ? 0 : processes - 1;
  return { workerCount, childCount: children + (server.ours ? server.replicaCount : 0) };
}

/**
 * Raises the capacity only for a process count that the user chose: further processes cost more than a second wave.
 */
function timesProcesses(one: Capacity, processes: Auto): Capacity {
  if (processes === 'auto' || processes === 1 || one.count === null) return one;
  return { ...one, count: one.count * processes, reason: `${one.reason}, ${processes} processes` };
}
