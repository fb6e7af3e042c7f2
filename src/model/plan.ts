// The resolved numbers of a run: what will be open, on which threads, in how many waves, and why. Plain data that
// crosses a thread and goes into the record. runner/bench/plan/plan.ts makes it; nothing here reads a clock or a machine.

/** The square of a trial's number is exact in a double (below 2^53), and a bitmap of all trials takes 8 MiB at most. */
export const MAX_TRIALS = 2 ** 26;

/**
 * How requests share connections. Figures of different families are never compared as if they were the same
 * work. `one-per-connection`: one request at a time on each connection, as any HTTP/1.1 server understands.
 * `pipelined`: several HTTP/1.1 requests open at once on each connection. `h2c`: HTTP/2 streams over plain TCP.
 */
export const FAMILIES = ['one-per-connection', 'pipelined', 'h2c'] as const;
export type Family = (typeof FAMILIES)[number];

/** What moves the bytes: undici, or the lean HTTP/1.1 lane of this program. */
export const TRANSPORTS = ['undici', 'wire'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** One number of the plan, with the reason for its value as a person reads it. */
export interface PlanReason {
  readonly field: string;
  readonly value: string;
  readonly reason: string;
}

export interface Plan {
  /** The name results are printed under, such as `multicore`. */
  readonly strategy: string;
  readonly family: Family;
  readonly transport: Transport;
  readonly trialCount: number;
  /** Client processes; more than one only when a single process may not hold all connections. */
  readonly processCount: number;
  /** Sum over all processes. */
  readonly workerCount: number;
  /** Sum over all workers. */
  readonly laneCount: number;
  /** Sum over all lanes. */
  readonly connectionCount: number;
  /** Requests open at once on one connection (HTTP/1.1 pipelining depth, or HTTP/2 streams). */
  readonly pipelining: number;
  /** Requests open at once over all connections: never above `connectionCount * pipelining`. */
  readonly maxInFlight: number;
  /** How often every position is used in turn: `ceil(trialCount / maxInFlight)`. */
  readonly waveCount: number;
  /** Distinct (address, port) pairs the connections are spread over. */
  readonly destinationCount: number;
  /** How many connections a worker may be opening at once, so that no accept queue overflows. */
  readonly maxConnecting: number;
  /** The delay of an answer if it is known, in milliseconds. */
  readonly delayMs: number | null;
  /** The least time physics allows: `delayMs * waveCount`; null when the delay is not known. */
  readonly floorMs: number | null;
  /** What the planner expects, from the floor and measured costs; null when the delay is not known. */
  readonly predictedMs: number | null;
  readonly reasons: readonly PlanReason[];
}
