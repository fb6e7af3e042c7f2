// Runs the shares to their end: here by the worker threads of this process. A thread that dies is replaced, and
// what it left is run again.

import type { TrialFailure, TrialTask } from '../../model/messages.ts';
import type { Plan } from '../../model/plan.ts';
import { growFileTable } from '../grow-file-table.ts';
import type { Ledger } from './ledger.ts';
import { openInProcessPool, openPool, type WorkerPool } from '../pool.ts';
import { recordDeath } from '../record-death.ts';

/** What processes other than this one used. */
export interface WorkerGroupUsage {
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly peakRssBytes: number;
}

export interface WorkerGroup extends AsyncDisposable {
  /**
   * Runs every task to its end: workers wait at the ledger's gate, and go on when it opens. Resolves to the first
   * failures.
   * @throws SpillwayError `ERR_RUN_BROKEN` when workers keep dying
   */
  settle(tasks: readonly TrialTask[]): Promise<readonly TrialFailure[]>;
  /** Why threads or processes died; each of them was replaced. */
  readonly deaths: readonly string[];
  /** Usage of other processes, once everything is settled; null when there are none. */
  readonly usage: WorkerGroupUsage | null;
}

export interface WorkerGroupOptions {
  readonly plan: Pick<Plan, 'workerCount' | 'processCount' | 'connectionCount'>;
  readonly ledger: Ledger;
  /** The workers' file, @default the engine's own */
  readonly workerEntry?: URL;
  /** The workers' code runs in this thread, to be profiled. @default false: a thread each */
  readonly isInProcess?: boolean;
}

/** Opens threads in this process, as many as the plan has workers. */
export function openThreadGroup({
  plan,
  ledger,
  workerEntry,
  isInProcess = false,
}: WorkerGroupOptions): WorkerGroup {
  const pool = isInProcess ? openInProcessPool(workerEntry) : openPool(plan.workerCount, workerEntry);
  // Runs while the threads start.
  growFileTable(plan.connectionCount);
  const deaths: string[] = [];
  return {
    deaths,
    usage: null,
    settle: async (tasks) =>
      (await Promise.all(tasks.map((task) => settleShare(task, pool, ledger, deaths)))).flat(),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** Runs one worker's share to its end, in as many threads as it takes. */
async function settleShare(
  task: TrialTask,
  pool: WorkerPool,
  ledger: Ledger,
  deaths: string[],
): Promise<readonly TrialFailure[]> {
  try {
    return (await pool.runTrials(task)).failures;
  } catch (error) {
    if (ledger.order === 'abort') return [];
    recordDeath(deaths, 'worker threads', error);
    return settleShare({ ...task, ranges: ledger.takeOver(task) }, pool, ledger, deaths);
  }
}
