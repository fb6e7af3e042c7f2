// Current progress: what the live line shows and the record keeps as a series. Read from shared memory, without
// asking the workers.

import { nowMs } from '../../measure/clock.ts';
import type { Snapshot } from '../../model/record.ts';
import type { Ledger } from './ledger.ts';

type Usage = readonly (readonly [activeMs: number, idleMs: number])[];

/** Makes snapshots of one run; each is compared with the one before. */
export class ProgressReader {
  readonly #ledger: Ledger;
  readonly #readReplicaLoopsMs: () => Usage;
  readonly #startMs = nowMs();
  #lastAtMs = 0;
  #lastSettled = 0;
  #lastUsage: Usage = [];

  /** @param readReplicaLoopsMs what the replicas of our own server last noted of their event loops */
  constructor(ledger: Ledger, readReplicaLoopsMs: () => Usage = () => []) {
    this.#ledger = ledger;
    this.#readReplicaLoopsMs = readReplicaLoopsMs;
  }

  read(): Snapshot {
    const tally = this.#ledger.tally();
    const total = this.#ledger.trialCount;
    const atMs = nowMs() - this.#startMs;
    const settled = tally.ok + tally.failed;
    const perSec = ((settled - this.#lastSettled) * 1e3) / Math.max(atMs - this.#lastAtMs, 1);
    this.#lastAtMs = atMs;
    this.#lastSettled = settled;
    const usage = this.#ledger.tallies.map(
      (worker) => [worker.get('eluActiveMs'), worker.get('eluIdleMs')] as const,
    );
    const utilizationRatio = busiest(usage, this.#lastUsage);
    this.#lastUsage = usage;
    return {
      atMs,
      total,
      ok: tally.ok,
      failed: tally.failed,
      inFlight: tally.inFlight,
      connections: tally.connectionsOpened - tally.connectionsClosed,
      perSec,
      etaMs: settled === 0 ? null : ((total - settled) * atMs) / settled,
      utilizationRatio,
      workerLoopsMs: usage,
      replicaLoopsMs: this.#readReplicaLoopsMs(),
    };
  }
}

function busiest(now: Usage, before: Usage): number | null {
  const ratios = now.flatMap(([activeMs, idleMs], worker) => {
    const [activeBefore, idleBefore] = before[worker] ?? [0, 0];
    const spentMs = activeMs - activeBefore + (idleMs - idleBefore);
    return spentMs > 0 ? [(activeMs - activeBefore) / spentMs] : [];
  });
  return ratios.length === 0 ? null : Math.max(...ratios);
}
