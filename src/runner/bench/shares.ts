// Turns a plan and its destinations into the task of each worker. The shares add up to the plan.

import type { AttemptLimits, TrialTask } from '../../model/messages.ts';
import type { Plan } from '../../model/plan.ts';
import { rangesOf, splitByWeight, splitCount } from '../../model/split.ts';
import type { TlsTrust } from '../../model/messages.ts';
import type { Ledger } from './ledger.ts';

export interface ShareOptions {
  readonly plan: Plan;
  readonly origins: readonly string[];
  readonly limits: AttemptLimits;
  readonly userAgent: string;
  readonly tls: TlsTrust;
  readonly ledger: Ledger;
}

/**
 * Makes one task for each worker: trials, connections and requests in flight, each split without losing a
 * remainder. The trials of a worker follow from its connections, so that none needs a wave more than the others.
 */
export function makeTasks({ plan, origins, limits, userAgent, tls, ledger }: ShareOptions): TrialTask[] {
  const connections = splitCount(plan.connectionCount, plan.workerCount);
  const inFlight = splitByWeight(plan.maxInFlight, connections);
  const ranges = rangesOf(splitByWeight(plan.trialCount, inFlight));
  const lanes = splitCount(plan.laneCount, plan.workerCount);
  return ranges.map((range, workerIndex) => ({
    workerIndex,
    share: range,
    ranges: [range],
    plan,
    laneCount: lanes[workerIndex] as number,
    connectionCount: connections[workerIndex] as number,
    maxInFlight: inFlight[workerIndex] as number,
    maxConnecting: plan.maxConnecting,
    origins,
    limits,
    userAgent,
    tls,
    ledger: ledger.shared,
    account: ledger.accounts[workerIndex] as TrialTask['account'],
  }));
}
