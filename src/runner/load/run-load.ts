// ONE LOAD ON ONE MACHINE, from a plan to the counts. Workers get their shares, all start at the same time, and go on
// until the time is over, the requests are done or somebody stops them.

import { nowMs } from '../../measure/clock.ts';
import { SpillwayError } from '../../model/errors.ts';
import type { LoadPlan } from '../../model/load/load-plan.ts';
import type { LoadSnapshot } from '../../model/load/load-record.ts';
import type { LoadTask } from '../../model/load/load-task.ts';
import { splitCount } from '../../model/split.ts';
import { growFileTable } from '../grow-file-table.ts';
import { openPool } from '../pool.ts';
import { LoadMemory } from './load-memory.ts';
import { LoadProgress } from './load-progress.ts';

/** Time until the first request of an open load is due: every thread knows of the start by then. */
const OPEN_LEAD_MS = 20;
const SNAPSHOT_EVERY_MS = 100;

export interface LoadRunHooks {
  /** Called about ten times a second, and once at the end. */
  readonly onSnapshot?: (snapshot: LoadSnapshot) => void;
  /** Every worker stands ready; the first request follows. */
  readonly onBegin?: () => void;
}

export interface RunningLoad {
  readonly memory: LoadMemory;
  /** Resolves when all workers are done. @throws SpillwayError `ERR_RUN_BROKEN` when a thread died */
  readonly done: Promise<LoadEnd>;
  /** Sends no new request, and waits for the answers that are still to come. */
  drain(): void;
  /** Cancels everything now. */
  abort(): void;
}

export interface LoadEnd {
  /** From the gate to the end of the last worker. */
  readonly wallMs: number;
}

export function runLoad(plan: LoadPlan, hooks: LoadRunHooks = {}): RunningLoad {
  const memory = new LoadMemory(plan.workerCount, plan.requests.length);
  return {
    memory,
    done: carryOut(plan, memory, hooks),
    drain: () => memory.drain(),
    abort: () => memory.abort(),
  };
}

async function carryOut(plan: LoadPlan, memory: LoadMemory, hooks: LoadRunHooks): Promise<LoadEnd> {
  await using pool = openPool(plan.workerCount);
  growFileTable(plan.connectionCount);
  const working = Promise.all(makeTasks(plan, memory).map((task) => pool.runLoad(task))).catch(
    (error: unknown) => {
      throw new SpillwayError('ERR_RUN_BROKEN', `a worker thread died: ${String(error)}`, { cause: error });
    },
  );
  await Promise.race([memory.allReady(plan.workerCount), working]);
  hooks.onBegin?.();
  memory.openGate(plan.rate === null ? 0 : OPEN_LEAD_MS);
  const progress = new LoadProgress(plan, memory);
  const look = () => hooks.onSnapshot?.(progress.read());
  const timer = setInterval(look, SNAPSHOT_EVERY_MS);
  try {
    await working;
    return { wallMs: nowMs() - memory.startMs };
  } finally {
    clearInterval(timer);
    look();
  }
}

function makeTasks(plan: LoadPlan, memory: LoadMemory): LoadTask[] {
  const { workerCount, connectionCount, maxOwed, rate, warmUpMs, durationMs } = plan;
  const connections = splitCount(connectionCount, workerCount);
  const owed = splitCount(maxOwed, workerCount);
  const first = rate?.stages[0];
  const stages =
    rate === null || first === undefined
      ? []
      : [
          ...(warmUpMs === 0
            ? []
            : [{ fromPerSec: first.fromPerSec, toPerSec: first.fromPerSec, durationMs: warmUpMs }]),
          ...rate.stages,
        ];
  return memory.accounts.map((account, workerIndex) => ({
    workerIndex,
    workerCount,
    requests: plan.requests,
    rate: rate === null ? null : { stages, kind: rate.kind },
    seed: plan.seed,
    requestCount: plan.requestCount,
    totalMs: durationMs === null ? null : warmUpMs + durationMs,
    warmUpMs,
    drainMs: plan.drainMs,
    connectionCount: connections[workerIndex] as number,
    depth: plan.depth,
    maxOwed: owed[workerIndex] as number,
    isKeepAlive: plan.isKeepAlive,
    transport: plan.transport,
    protocol: plan.protocol,
    trust: plan.trust,
    limits: plan.limits,
    expect: plan.expect,
    headers: plan.headers,
    shared: memory.shared,
    account,
  }));
}
