// The rates of the run, in memory that all workers share: attempts and bytes a second.

import { nowMs } from '../../../measure/clock.ts';
import type { FetchBudgets, FetchShared } from '../../../model/fetch-task.ts';

/** 64-bit cells: the time from which the next attempt, and the next byte, keeps its rate (ns after the epoch). */
const ATTEMPT_CLOCK = 0;
const BYTE_CLOCK = 1;
/** How far ahead of the clock a rate may run: a burst after a pause is smoothed and not lost. */
const ATTEMPT_BURST_NS = 50_000_000n;
const BYTE_BURST_NS = 100_000_000n;

export class RunRates {
  readonly #clocks: BigInt64Array;
  readonly #epochMs: number;
  readonly #limits: FetchBudgets;

  constructor(shared: FetchShared, limits: FetchBudgets) {
    this.#clocks = new BigInt64Array(shared.rates);
    this.#epochMs = shared.epochMs;
    this.#limits = limits;
  }

  /** Milliseconds until the run may make another attempt; 0: it may now, and the attempt is counted. */
  reserveAttemptMs(): number {
    return this.#reserve(ATTEMPT_CLOCK, 1, this.#limits.maxAttemptsPerSec, ATTEMPT_BURST_NS, false);
  }

  /** Milliseconds to read nothing more, after `bytes` have arrived. */
  chargeBytesMs(bytes: number): number {
    return this.#reserve(BYTE_CLOCK, bytes, this.#limits.maxBytesPerSec, BYTE_BURST_NS, true);
  }

  /**
   * The generic cell rate algorithm (ITU-T I.371): each unit moves the clock of a rate on by its cost, and
   * that clock may run ahead of the time by a small burst. With `isOwed` the cost is booked even when it is
   * too early.
   */
  #reserve(clock: number, units: number, perSec: number, burstNs: bigint, isOwed: boolean): number {
    if (perSec === 0) return 0;
    const now = BigInt(Math.round((nowMs() - this.#epochMs) * 1e6));
    const cost = BigInt(Math.max(1, Math.round((units * 1e9) / perSec)));
    for (;;) {
      const before = Atomics.load(this.#clocks, clock);
      const due = before > now ? before : now;
      const early = due - now - burstNs;
      if (early > 0n && !isOwed) return Number(early) / 1e6 + 1;
      if (Atomics.compareExchange(this.#clocks, clock, before, due + cost) !== before) continue;
      return isOwed && early > 0n ? Number(early) / 1e6 : 0;
    }
  }
}
