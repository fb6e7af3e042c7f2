// Progress now: what the live line shows and the record keeps as a series. Read from shared memory, never asked for.

import { nowMs } from '../measure/clock.ts';
import type { Ledger } from './ledger.ts';

export interface Snapshot {
  /** Milliseconds since the first dispatch was allowed. */
  readonly atMs: number;
  readonly total: number;
  readonly ok: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly connections: number;
  /** Settled a second since the snapshot before. */
  readonly perSec: number;
  /** At the rate of the whole run so far; null before the first answer. */
  readonly etaMs: number | null;
}

/** Makes snapshots of one run; each compares itself with the one before. */
export class ProgressReader {
  readonly #ledger: Ledger;
  readonly #startMs = nowMs();
  #lastAtMs = 0;
  #lastSettled = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  read(): Snapshot {
    const tally = this.#ledger.tally();
    const total = this.#ledger.trialCount;
    const atMs = nowMs() - this.#startMs;
    const settled = tally.ok + tally.failed;
    const perSec = ((settled - this.#lastSettled) * 1e3) / Math.max(atMs - this.#lastAtMs, 1);
    this.#lastAtMs = atMs;
    this.#lastSettled = settled;
    return {
      atMs,
      total,
      ok: tally.ok,
      failed: tally.failed,
      inFlight: tally.inFlight,
      connections: tally.connectionsOpened - tally.connectionsClosed,
      perSec,
      etaMs: settled === 0 ? null : ((total - settled) * atMs) / settled,
    };
  }
}
