// One polite client on every core: how many requests an origin has open, until when it asked to be left alone, and the
// run's rates, in memory that all workers share. An origin finds its cells by a hash of its name; two that meet in one
// place share a budget, which is politer than asked, never ruder.

import { nowMs } from '../measure/clock.ts';
import { BUDGET_PLACES, type FetchBudgets, type FetchShared } from '../model/fetch-task.ts';

/** Cells of a place: requests open, end of its pause in ms after the epoch. */
const CELLS = 2;
const OPEN = 0;
const PAUSED_UNTIL = 1;
const PLACE_COUNT = BUDGET_PLACES;
/**
 * 64-bit cells behind the places: when the next attempt, and the next byte, would be in time (ns after the epoch), and
 * thousandths of retries that were earned and not made.
 */
const CLOCK_CELLS = 3;
const ATTEMPT_CLOCK = 0;
const BYTE_CLOCK = 1;
const RETRY_ACCOUNT = 2;
/** Retries a run may make before it has earned any. */
const RETRY_RESERVE = 50;
const MILLI = 1000;
const PLACES_BYTES = PLACE_COUNT * CELLS * 4;
/** How far ahead of the clock a rate may run, so that a burst after a pause is smoothed and not lost. */
const ATTEMPT_BURST_NS = 50_000_000n;
const BYTE_BURST_NS = 100_000_000n;
const MAX_PAUSE_MS = 2 ** 31 - 1;

export class OriginBudgets {
  readonly #cells: Int32Array;
  readonly #clocks: BigInt64Array;
  readonly #epochMs: number;
  readonly #limits: FetchBudgets;

  constructor(shared: FetchShared, limits: FetchBudgets) {
    this.#cells = new Int32Array(shared.budgets, 0, PLACE_COUNT * CELLS);
    this.#clocks = new BigInt64Array(shared.budgets, PLACES_BYTES, CLOCK_CELLS);
    this.#epochMs = shared.epochMs;
    this.#limits = limits;
  }

  /** Takes a place in the origin's budget. False: it is full. */
  tryEnter(place: number): boolean {
    const { maxPerOrigin } = this.#limits;
    if (maxPerOrigin === 0) return true;
    const cell = place * CELLS + OPEN;
    if (Atomics.add(this.#cells, cell, 1) < maxPerOrigin) return true;
    Atomics.sub(this.#cells, cell, 1);
    return false;
  }

  leave(place: number): void {
    if (this.#limits.maxPerOrigin !== 0) Atomics.sub(this.#cells, place * CELLS + OPEN, 1);
  }

  /** No worker asks this origin for anything before `durationMs` from now. A longer pause stands. */
  pause(place: number, durationMs: number): void {
    const cell = place * CELLS + PAUSED_UNTIL;
    const until = Math.min(MAX_PAUSE_MS, Math.ceil(nowMs() - this.#epochMs + durationMs));
    for (let before = Atomics.load(this.#cells, cell); before < until; ) {
      const found = Atomics.compareExchange(this.#cells, cell, before, until);
      if (found === before) return;
      before = found;
    }
  }

  /** Milliseconds until the origin may be asked again; 0 or less when it may. */
  pauseLeftMs(place: number): number {
    const until = Atomics.load(this.#cells, place * CELLS + PAUSED_UNTIL);
    return until === 0 ? 0 : until - (nowMs() - this.#epochMs);
  }

  /** Milliseconds until the run may make another attempt; 0: now, and it is counted. */
  reserveAttemptMs(): number {
    return this.#reserve(ATTEMPT_CLOCK, 1, this.#limits.maxAttemptsPerSec, ATTEMPT_BURST_NS, false);
  }

  /** A first attempt earns the run so many retries. */
  earnRetries(ratio: number): void {
    Atomics.add(this.#clocks, RETRY_ACCOUNT, BigInt(Math.round(ratio * MILLI)));
  }

  /** Takes a retry out of the run's budget. False: it is used up. */
  tryRetry(): boolean {
    const before = Atomics.sub(this.#clocks, RETRY_ACCOUNT, BigInt(MILLI));
    if (before >= BigInt(-(RETRY_RESERVE - 1) * MILLI)) return true;
    Atomics.add(this.#clocks, RETRY_ACCOUNT, BigInt(MILLI));
    return false;
  }

  /** Milliseconds to read nothing more after `bytes` that have arrived already. */
  chargeBytesMs(bytes: number): number {
    return this.#reserve(BYTE_CLOCK, bytes, this.#limits.maxBytesPerSec, BYTE_BURST_NS, true);
  }

  /**
   * The generic cell rate algorithm (ITU-T I.371): the clock of a rate moves on by the cost of each unit and may run
   * ahead of the time by a small burst. With `isOwed` the cost is booked even when it is early.
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

/** Where an origin's cells are: FNV-1a over its name. */
export function placeOf(origin: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < origin.length; at++) {
    hash ^= origin.charCodeAt(at);
    hash = Math.imul(hash, 0x01000193);
  }
  return ((hash >>> 16) ^ hash) & (PLACE_COUNT - 1);
}
