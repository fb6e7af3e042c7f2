// A plan and its destinations become the task of each worker. Every share adds up to the plan.

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
 * One task a worker: trials, connections and what may be in flight, each split without a remainder lost. What a worker
 * is to do goes by the connections it has, so that none needs a wave more than the others.
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
