// What a caller asks of the planner, and the form of its answers: a value and the reason for it.

import type { Family, Transport } from '../../../model/plan.ts';
import type { PlannedServer } from './plan-costs.ts';

/** `auto` leaves a number to the planner. */
export type Auto = 'auto' | number;

export interface PlanRequest {
  readonly strategy: string;
  readonly trialCount: number;
  readonly family: Family;
  readonly transport: 'auto' | Transport;
  readonly cores: Auto;
  /** Lanes of each worker. */
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

/** A number of the plan and the reason for it. */
export type Decision<Value> = readonly [value: Value, reason: string];

export const ASKED_FOR = 'asked for';
