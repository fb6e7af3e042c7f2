// The current state of a fetch, from the account, the workers' counters and the target stream. Only reads them.

import { sumTallies } from '../../measure/tally.ts';
import type { FetchBefore, FetchSnapshot } from '../../model/fetch-report.ts';
import type { FetchBudgets } from '../../model/fetch-task.ts';
import type { BoundNames } from './bound-names.ts';
import type { FetchAccount } from './fetch-account.ts';
import type { TargetStream } from './targets/fetch-target-stream.ts';
import type { ThroughputMonitor } from './throughput-monitor.ts';
import type { FetchWorkerGroup } from './worker-group/fetch-worker-group.ts';

const SLOWEST_COUNT = 3;

/** What snapshot, report and `bound by` of a run are made from. */
export interface RunFigures {
  readonly before: FetchBefore;
  /** Targets found so far, by this session or an earlier one. */
  readonly targets: number;
  readonly targetStream: TargetStream;
  readonly account: FetchAccount;
  readonly monitor: ThroughputMonitor;
  /** null before the worker group is opened. */
  readonly workerGroup: FetchWorkerGroup | null;
  readonly elapsedMs: number;
  readonly maxInFlight: number;
  readonly workerCount: number;
  readonly budgets: FetchBudgets;
  readonly names: BoundNames;
  /** What the workers know of each origin; null with fixed budgets. */
  readonly origins: SharedArrayBuffer | null;
}

export function makeFetchSnapshot(figures: RunFigures, boundBy: string): FetchSnapshot {
  const { account, targetStream, workerGroup, monitor } = figures;
  const tally = sumTallies(workerGroup?.tallies ?? []);
  const slowestOrigins = account.slowestOrigins(SLOWEST_COUNT);
  return {
    before: figures.before,
    targets: figures.targets,
    ok: account.ok,
    failed: account.failed,
    skipped: account.skipped,
    elapsedMs: figures.elapsedMs,
    countAhead: targetStream.countAhead,
    inFlight: tally.inFlight,
    parked: workerGroup?.gauge('parked') ?? 0,
    waitingRetry: workerGroup?.gauge('waitingRetry') ?? 0,
    connections: tally.connectionsOpened - tally.connectionsClosed,
    bytes: tally.bytesReceived,
    failures: { ...account.failures },
    slowestOrigin: slowestOrigins[0] ?? null,
    slowestOrigins,
    answers: { ...account.answers },
    keptBytes: account.bytes,
    ...(workerGroup === null ? {} : { bodies: workerGroup.bodies() }),
    boundBy,
    recentPerSec: monitor.perSec,
    recentBytesPerSec: monitor.bytesPerSec,
    waits: monitor.waits,
  };
}
