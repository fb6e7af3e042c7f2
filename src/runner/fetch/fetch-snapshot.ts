// Where a fetch stands, drawn up from the account, the workers' counters and the target stream. Pure but for reading them.

import { sumTallies } from '../../measure/tally.ts';
import type { FetchBefore, FetchSnapshot } from '../../model/fetch-report.ts';
import type { FetchAccount } from './fetch-account.ts';
import type { TargetStream } from './targets/fetch-target-stream.ts';
import type { ThroughputMonitor } from './throughput-monitor.ts';
import type { FetchWorkerGroup } from './worker-group/fetch-worker-group.ts';

/** What snapshot, report and `bound by` of a run are drawn up from. */
export interface RunFigures {
  readonly before: FetchBefore;
  /** Targets the run is known to have. */
  readonly targets: number;
  readonly targetStream: TargetStream;
  readonly account: FetchAccount;
  readonly monitor: ThroughputMonitor;
  /** null before it is opened. */
  readonly workerGroup: FetchWorkerGroup | null;
  readonly elapsedMs: number;
  readonly maxInFlight: number;
  readonly workerCount: number;
  /** What the workers know of each origin; null with fixed budgets. */
  readonly origins: SharedArrayBuffer | null;
}

export function makeFetchSnapshot(figures: RunFigures, boundBy: string): FetchSnapshot {
  const { account, targetStream, workerGroup, monitor } = figures;
  const tally = sumTallies(workerGroup?.tallies ?? []);
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
    slowestOrigin: account.slowestOrigin(),
    boundBy,
    recentPerSec: monitor.perSec,
    waits: monitor.waits,
  };
}
