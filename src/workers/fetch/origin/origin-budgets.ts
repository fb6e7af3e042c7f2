// Makes all workers together one polite client: how many requests an origin has open, until when it asked for
// a pause, how far apart its requests are to be, and whether it answers at all; in memory that all workers
// share.

import { nowMs } from '../../../measure/clock.ts';
import type { FetchBudgets, FetchShared } from '../../../model/fetch-task.ts';
import { makeOwnRows, OWN_FIELDS } from '../../../model/shared/origin-fields.ts';
import { OriginFields } from './origin-fields.ts';
import { OriginPace } from './origin-pace.ts';
import { OriginWindow } from './origin-window.ts';

const MAX_PAUSE_MS = 2 ** 31 - 1;
/** First pause where the server states no length; it doubles with each pause until an answer comes. */
const FIRST_PAUSE_MS = 500;
const MAX_OWN_PAUSE_MS = 60_000;
/** A request that stands still for this long, and this many times longer than others take, is not waited for. */
const MIN_STUCK_MS = 250;
const STUCK_RATIO = 4;

/** Retries that an origin has before it has earned any. */
const RETRY_RESERVE = 50;
/** How many of them are kept for targets that were put off to the end. */
const END_RESERVE = 8;
const MILLI = 1000;
/**
 * Connections that are made at once until the first is established; one where attempts have failed without a
 * byte.
 */
const FIRST_CONNECTIONS = 2;
/** The same for a fixed number of requests per origin. */
const FIRST_OF_FIXED = 4;
/** Attempts in a row without a byte before an origin may be taken for dead, and how long it then counts as dead. */
const DEAD_AFTER_ATTEMPTS = 4;
const DEAD_MS = 60_000;
/** An origin that has been silent for this long after a request is doubtful. */
const DOUBT_MS = 1_000;
/** Values of `isReached`. */
const REACHED = 1;
const REACHED_DEARLY = 2;
/** Below so many connections, another is made only where enough targets wait for it. */
const FEW_CONNECTIONS = 8;
const QUICK_ANSWER_MS = 50;
/** Targets that must wait for each connection before another one is worth its cost. */
const WORTH_RATIO = 4;
/** Half of the largest number that the cell holds. */
const MAX_EARNED = 2 ** 30;

export class OriginBudgets {
  readonly #fields: OriginFields;
  readonly #window: OriginWindow;
  readonly #pace: OriginPace;
  readonly #own: Int32Array;
  readonly #isAdaptive: boolean;

  /**
   * @param clock milliseconds, the same for all threads. @default `nowMs`
   * @param ownRows memory for what this worker has open, to give back if the thread dies. @default its own
   */
  constructor(
    shared: FetchShared,
    limits: FetchBudgets,
    clock: () => number = nowMs,
    ownRows: SharedArrayBuffer = makeOwnRows(shared.origins),
  ) {
    this.#own = new Int32Array(ownRows);
    this.#isAdaptive = limits.isAdaptive === true;
    this.#fields = new OriginFields(shared, clock);
    this.#window = new OriginWindow(this.#fields, limits);
    this.#pace = new OriginPace(this.#fields);
  }

  /** Takes room in the origin's budget. False: it is full, paused, or asked too recently. */
  tryEnter(row: number): boolean {
    if (this.pauseLeftMs(row) > 0) return false;
    const open = this.#fields.add(row, 'open', 1);
    const limit = this.#window.limit(row);
    if (limit > 0 && open >= limit) {
      this.#fields.add(row, 'open', -1);
      this.#window.want(row);
      return false;
    }
    if (this.#pace.tryStart(row)) {
      this.#countOwn(row, 1);
      return true;
    }
    this.#fields.add(row, 'open', -1);
    return false;
  }

  /** Gives the room back, after the end of the request. */
  leave(row: number): void {
    this.#countOwn(row, -1);
    this.#fields.add(row, 'open', -1);
  }

  /** An attempt begins at the origin. */
  begun(row: number): void {
    if (this.#fields.get(row, 'silentSince') === 0)
      this.#fields.swap(row, 'silentSince', 0, Math.ceil(this.#fields.now()));
  }

  /** A request goes out to the origin. */
  sent(row: number): void {
    this.#window.sent(row);
  }

  /**
   * A connection to the origin is established.
   * @param isDear making it took long, or needed a handshake
   * @returns whether it is the first
   */
  reached(row: number, isDear: boolean): boolean {
    if (this.#fields.get(row, 'isReached') !== 0) return false;
    return this.#fields.swap(row, 'isReached', 0, isDear ? REACHED_DEARLY : REACHED);
  }

  /**
   * True while no more connections should be made: none is established yet, or they are costly and nothing
   * was answered, or those that are there will soon be free.
   * @param waitingCount targets that wait for the origin
   */
  isCrowded(row: number, waitingCount: number): boolean {
    const open = this.#fields.get(row, 'open');
    const reached = this.#fields.get(row, 'isReached');
    const first = this.#isAdaptive ? FIRST_CONNECTIONS : FIRST_OF_FIXED;
    if (reached === 0) return open >= (this.#fields.get(row, 'fruitless') > 0 ? 1 : first);
    if (!this.#isAdaptive || reached === REACHED || open < FIRST_CONNECTIONS) return false;
    if (!this.isKnown(row)) return true;
    return open < FEW_CONNECTIONS && waitingCount < open * WORTH_RATIO && this.#isQuick(row);
  }

  /** An attempt has ended without a byte. @returns how many in a row have */
  cameToNothing(row: number): number {
    const count = this.#fields.add(row, 'fruitless', 1) + 1;
    // The origin may be gone: one connection finds out.
    if (count >= DEAD_AFTER_ATTEMPTS) this.#fields.set(row, 'isReached', 0);
    return count;
  }

  /** A target has failed in all its attempts without a byte: for a while the origin's others are not tried. */
  giveUp(row: number): void {
    if (this.isKnown(row) || this.#fields.get(row, 'fruitless') < DEAD_AFTER_ATTEMPTS) return;
    this.#fields.set(row, 'deadUntil', this.#fields.now() + DEAD_MS);
  }

  /** True while the origin counts as dead: nothing ever came from it, and a target has used up its attempts. */
  isDead(row: number): boolean {
    return this.#fields.get(row, 'deadUntil') > this.#fields.now();
  }

  /** True where it was taken for dead and nothing has come from it since. */
  wasDead(row: number): boolean {
    return this.#fields.get(row, 'deadUntil') !== 0;
  }

  /** True where attempts bring nothing and none ever brought anything. */
  isDoubtful(row: number): boolean {
    return !this.isKnown(row) && (this.#fields.get(row, 'fruitless') > 0 || this.silentMs(row) > DOUBT_MS);
  }

  /** Adds the retries that a first attempt earns its origin. */
  earnRetries(row: number, ratio: number): void {
    const earned = this.#fields.get(row, 'retryAccount');
    if (earned < MAX_EARNED) this.#fields.add(row, 'retryAccount', Math.round(Math.min(ratio, 1000) * MILLI));
  }

  /**
   * Takes a retry out of the origin's budget. False: it is used up.
   * @param isAtEnd nothing else is left to do, which the end of the reserve is kept for
   */
  tryRetry(row: number, isAtEnd = false): boolean {
    const before = this.#fields.add(row, 'retryAccount', -MILLI);
    if (before >= -(RETRY_RESERVE - (isAtEnd ? 1 : 1 + END_RESERVE)) * MILLI) return true;
    this.#fields.add(row, 'retryAccount', MILLI);
    return false;
  }

  /** Something has come from the origin. */
  heard(row: number): void {
    if (this.#fields.get(row, 'fruitless') !== 0) {
      this.#fields.set(row, 'fruitless', 0);
      this.#fields.set(row, 'deadUntil', 0);
    }
    if (this.#fields.get(row, 'silentSince') === 0) return;
    this.#fields.set(row, 'silentSince', 0);
    this.#fields.set(row, 'isKnown', 1);
  }

  /** Leaves one open request to an origin that sends nothing, until it does. */
  narrow(row: number): void {
    this.#window.closeToOne(row);
  }

  /** True where a byte has ever come from the origin. */
  isKnown(row: number): boolean {
    return this.#fields.get(row, 'isKnown') === 1;
  }

  /** A whole answer that is not a refusal. @param sentAtMs when its request went out, by `nowMs` */
  answered(row: number, sentAtMs: number): void {
    if (this.#fields.get(row, 'strikes') !== 0) this.#fields.set(row, 'strikes', 0);
    this.#pace.answered(row);
    this.#fields.set(row, 'answerMs', this.#fields.now() - this.#fields.sinceEpoch(sentAtMs));
    const sentMs = this.#fields.sinceEpoch(sentAtMs);
    const latest = this.#fields.get(row, 'answeredSentAt');
    if (sentMs > latest) this.#fields.swap(row, 'answeredSentAt', latest, sentMs);
    this.#window.answered(row, sentMs);
  }

  /**
   * True where a request stands still for reasons of its own: much longer than others take, while one that
   * went out later was answered. Its room then goes to others; never where `--per-origin` bounds what is
   * open.
   * @param stillMs since anything of it moved
   * @param isSuspect its target stood still before
   */
  isStuckAlone(row: number, sentAtMs: number, stillMs: number, isSuspect: boolean): boolean {
    if (stillMs < MIN_STUCK_MS || !this.#window.isOpenEnded) return false;
    const midMs = this.#window.usualMs(row);
    if (midMs === null || stillMs < midMs * STUCK_RATIO) return false;
    return isSuspect || this.#fields.get(row, 'answeredSentAt') > this.#fields.sinceEpoch(sentAtMs);
  }

  /** An answer that says "too many" or "not now" and states no pause. */
  refused(row: number, sentAtMs: number): void {
    this.#window.refused(row, this.#fields.sinceEpoch(sentAtMs));
  }

  /** An attempt ended without an answer. @param isAlone for reasons of its own target */
  failed(row: number, isAlone: boolean): void {
    this.#fields.set(row, 'failedAt', this.#fields.now());
    if (!isAlone) this.#window.troubled(row);
  }

  /** No worker asks this origin for anything in the next `durationMs`. A longer pause stays. */
  pause(row: number, durationMs: number): void {
    const until = Math.min(MAX_PAUSE_MS, Math.ceil(this.#fields.now() + durationMs));
    for (;;) {
      const before = this.#fields.get(row, 'pausedUntil');
      if (before >= until) break;
      if (this.#fields.swap(row, 'pausedUntil', before, until)) break;
    }
    this.#window.closeToOne(row);
  }

  /**
   * As `pause`, where the server stated no time: twice as long as the last pause, until an answer comes.
   * @param sentAtMs when the refused request went out, by `nowMs`
   * @param random from 0 to 1
   */
  pauseByCount(row: number, sentAtMs: number, random: number): void {
    // The request was on its way when the pause began, so its refusal says nothing new.
    if (this.#fields.sinceEpoch(sentAtMs) < this.#fields.get(row, 'pausedUntil')) return;
    const strikes = Math.min(16, this.#fields.add(row, 'strikes', 1));
    const longestMs = Math.min(MAX_OWN_PAUSE_MS, FIRST_PAUSE_MS * 2 ** strikes);
    this.#pace.slowDown(row);
    this.pause(row, longestMs * (0.5 + random / 2));
  }

  /** Milliseconds until the origin may be asked again; 0 or less when it may. */
  pauseLeftMs(row: number): number {
    const until = this.#fields.get(row, 'pausedUntil');
    return until === 0 ? 0 : until - this.#fields.now();
  }

  /**
   * Milliseconds until both the pause and the least time between two requests are over; 0 or less when they
   * are.
   */
  waitLeftMs(row: number): number {
    return Math.max(this.pauseLeftMs(row), this.#pace.leftMs(row));
  }

  /**
   * How long nothing has come from the origin although it was asked; 0 when something has, or nothing was
   * asked.
   */
  silentMs(row: number): number {
    const since = this.#fields.get(row, 'silentSince');
    return since === 0 ? 0 : this.#fields.now() - since;
  }

  /** True where an attempt at the origin failed after `atMs` without a byte. */
  hasFailedSince(row: number, atMs: number): boolean {
    return this.#fields.get(row, 'failedAt') > this.#fields.sinceEpoch(atMs);
  }

  /** Sets the least time between two requests, as robots.txt asks; of several the longest holds. */
  setSpacing(row: number, spacingMs: number): void {
    this.#pace.setSpacing(row, spacingMs);
  }

  /** True where its answers take no longer than making another connection would. */
  #isQuick(row: number): boolean {
    return this.#fields.get(row, 'answerMs') <= QUICK_ANSWER_MS;
  }

  #countOwn(row: number, change: number): void {
    const at = row * OWN_FIELDS.fieldCount + OWN_FIELDS.open;
    this.#own[at] = (this.#own[at] as number) + change;
  }
}
