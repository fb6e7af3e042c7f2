// What connections and trials cost, as measured, and what follows from it: memory, time, and the accept queues that
// our own server opens. Pure numbers for the planner and for the check of its plan.

import { type AcceptQueue, FOREIGN_ACCEPT_QUEUE } from '../../../limits/accept-queue.ts';
import type { PlanNeed } from '../../../limits/check.ts';
import type { Destination } from '../../../limits/held-ports.ts';
import type { Limits } from '../../../limits/read.ts';
import type { Family, Plan, Transport } from '../../../model/plan.ts';

/** The server that answers the trials, as far as it is known. */
export type PlannedServer =
  | {
      readonly ours: true;
      readonly delayMs: number;
      readonly replicaCount: number;
      readonly listenersPerReplica: number;
      readonly backlog: number;
      /** The lean path for `/n`, or Fastify. */
      readonly isLean: boolean;
      readonly isTls: boolean;
    }
  | {
      readonly ours: false;
      readonly delayMs: number | null;
      readonly isTls: boolean;
      /** Where it listens. */
      readonly destination: Destination;
    };

/**
 * Measured on 2 cores with both sides on one machine; benchmarks/results has the runs. Microseconds of CPU, bytes.
 */
export const COSTS = {
  undici: {
    connectionUs: 160,
    trialUs: 25,
    connectionBytes: 22_000,
    inFlightBytes: 3_000,
  },
  wire: { connectionUs: 80, trialUs: 4, connectionBytes: 13_000, inFlightBytes: 150 },
} as const;

/** Trials that one worker completes in a second; a request alone on its connection costs one read and one write. */
export function trialsPerSec(transport: Transport, family: Family): number {
  if (transport === 'undici') return 60_000;
  return family === 'pipelined' ? 500_000 : 100_000;
}

/** Costs of our own server, by how it answers. */
const SERVER_COSTS = {
  fastify: { connectionUs: 80, trialUs: 22, connectionBytes: 26_000, inFlightBytes: 3_000 },
  lean: { connectionUs: 45, trialUs: 3, connectionBytes: 9_000, inFlightBytes: 40 },
} as const;
/** What TLS adds on either side: a full handshake, ciphers, and the memory that Node.js holds for a connection. */
const TLS_COSTS = { connectionUs: 850, trialUs: 5, connectionBytes: 92_000 } as const;
const NO_COSTS = { connectionUs: 0, trialUs: 0, connectionBytes: 0, inFlightBytes: 0 } as const;

/** What a server on this machine costs; nothing for a server that is not ours. */
export function serverCosts(server: PlannedServer): SideCosts {
  if (!server.ours) return NO_COSTS;
  return overTls(SERVER_COSTS[server.isLean ? 'lean' : 'fastify'], server);
}

/** What the client costs. */
export function clientCosts(transport: Transport, server: PlannedServer): SideCosts {
  return overTls(COSTS[transport], server);
}

type SideCosts = Readonly<Record<keyof typeof NO_COSTS, number>>;

function overTls(costs: SideCosts, { isTls }: PlannedServer): SideCosts {
  if (!isTls) return costs;
  return {
    ...costs,
    connectionUs: costs.connectionUs + TLS_COSTS.connectionUs,
    trialUs: costs.trialUs + TLS_COSTS.trialUs,
    connectionBytes: costs.connectionBytes + TLS_COSTS.connectionBytes,
  };
}

/** Memory of a process before its first connection: Node.js, and what each thread or replica adds. */
const PROCESS_BYTES = 60_000_000;
const WORKER_BYTES = 15_000_000;
/** Four bits for each trial: settled, failed, repeated, and the server's own. */
const TRIAL_BYTES = 0.5;

/** What the plan takes from the system, for limits/check.ts. */
export function needOf(plan: Plan, server: PlannedServer): PlanNeed {
  const client = clientCosts(plan.transport, server);
  const replicaCount = server.ours ? server.replicaCount : 0;
  const own = serverCosts(server);
  const serverBytes = plan.connectionCount * own.connectionBytes + plan.maxInFlight * own.inFlightBytes;
  return {
    ...plan,
    replicaCount,
    memoryBytes: Math.round(
      PROCESS_BYTES * (1 + replicaCount) +
        WORKER_BYTES * plan.workerCount +
        plan.connectionCount * client.connectionBytes +
        plan.maxInFlight * client.inFlightBytes +
        plan.trialCount * TRIAL_BYTES +
        serverBytes,
    ),
    acceptQueue: acceptQueueOf(server, plan.destinationCount),
    destination: destinationOf(server),
  };
}

/** Where connections to the server go; null for a server that is started with the run. */
export function destinationOf(server: PlannedServer): Destination | null {
  return server.ours ? null : server.destination;
}

/** A destination for each replica where there are enough of them; otherwise every replica listens on all. */
export function acceptQueueOf(server: PlannedServer, destinationCount: number): AcceptQueue {
  if (!server.ours) return FOREIGN_ACCEPT_QUEUE;
  const servingEach = destinationCount >= server.replicaCount ? 1 : server.replicaCount;
  return {
    ours: true,
    backlog: server.backlog,
    queueCount: destinationCount * servingEach * server.listenersPerReplica,
  };
}

export interface Prediction {
  readonly floorMs: number;
  readonly connectionCount: number;
  readonly trialCount: number;
  readonly transport: Transport;
  readonly server: PlannedServer;
  readonly limits: Limits;
}

/**
 * The floor, plus the CPU of both sides divided by the available cores, as if neither side could overlap with the
 * other.
 */
export function predictMs({
  floorMs,
  connectionCount,
  trialCount,
  transport,
  server,
  limits,
}: Prediction): number {
  const client = clientCosts(transport, server);
  const own = serverCosts(server);
  const serverUs = connectionCount * own.connectionUs + trialCount * own.trialUs;
  const clientUs = connectionCount * client.connectionUs + trialCount * client.trialUs;
  return Math.round(floorMs + (clientUs + serverUs) / Math.max(0.1, limits.cpu.usableCores) / 1e3);
}
