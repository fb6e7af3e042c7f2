// One polite client on every core: how many requests an origin has open, until when it asked to be left alone, how far
// apart its requests are to be, and whether anything is heard from it at all; in memory that all workers share.

import { nowMs } from '../../../measure/clock.ts';
import type { FetchBudgets, FetchShared } from '../../../model/fetch-task.ts';
import { makeOwnPlaces, OWN_FIELDS } from '../../../model/shared/origin-fields.ts';
import { OriginFields } from './origin-fields.ts';
import { OriginPace } from './origin-pace.ts';
import { OriginWindow } from './origin-window.ts';

const MAX_PAUSE_MS = 2 ** 31 - 1;
/** A pause nobody gave a length: it doubles with each that no answer has come between. */
const FIRST_PAUSE_MS = 500;
const MAX_OWN_PAUSE_MS = 60_000;
/** A request that stands still for so long, and so many times what others take, is not waited for. */
const MIN_STUCK_MS = 250;
const STUCK_RATIO = 4;

export class OriginBudgets {
  readonly #fields: OriginFields;
  readonly #window: OriginWindow;
  readonly #pace: OriginPace;
  readonly #own: Int32Array;

  /**
   * @param clock milliseconds, the same for all threads. @default `nowMs`
   * @param ownPlaces memory for this worker's part of what is open, for whoever buries it. @default its own
   */
  constructor(
    shared: FetchShared,
    limits: FetchBudgets,
    clock: () => number = nowMs,
    ownPlaces: SharedArrayBuffer = makeOwnPlaces(shared.origins),
  ) {
    this.#own = new Int32Array(ownPlaces);
    this.#fields = new OriginFields(shared, clock);
    this.#window = new OriginWindow(this.#fields, limits);
    this.#pace = new OriginPace(this.#fields);
  }

  /** Takes a place in the origin's budget. False: it is full, paused, or asked too recently. */
  tryEnter(place: number): boolean {
    if (this.pauseLeftMs(place) > 0) return false;
    const open = this.#fields.add(place, 'open', 1);
    const limit = this.#window.limit(place);
    if (limit > 0 && open >= limit) {
      this.#fields.add(place, 'open', -1);
      this.#window.want(place);
      return false;
    }
    if (this.#pace.tryStart(place)) {
      this.#countOwn(place, 1);
      return true;
    }
    this.#fields.add(place, 'open', -1);
    return false;
  }

  /** Gives the place back: the request is over. */
  leave(place: number): void {
    this.#countOwn(place, -1);
    this.#fields.add(place, 'open', -1);
  }

  /** An attempt begins there. */
  begun(place: number): void {
    if (this.#fields.get(place, 'silentSince') === 0)
      this.#fields.swap(place, 'silentSince', 0, Math.ceil(this.#fields.now()));
  }

  /** Its request goes out. */
  sent(place: number): void {
    this.#window.sent(place);
  }

  /** Something has come from there. */
  heard(place: number): void {
    if (this.#fields.get(place, 'silentSince') === 0) return;
    this.#fields.set(place, 'silentSince', 0);
    this.#fields.set(place, 'isKnown', 1);
  }

  /** Leaves one request at an origin that gives nothing, until it does. */
  narrow(place: number): void {
    this.#window.closeToOne(place);
  }

  /** Whether a byte has ever come from there. */
  isKnown(place: number): boolean {
    return this.#fields.get(place, 'isKnown') === 1;
  }

  /** A whole answer that is no refusal. @param sentAtMs when its request went out, by `nowMs` */
  answered(place: number, sentAtMs: number): void {
    if (this.#fields.get(place, 'strikes') !== 0) this.#fields.set(place, 'strikes', 0);
    this.#pace.answered(place);
    const sentMs = this.#fields.sinceEpoch(sentAtMs);
    const latest = this.#fields.get(place, 'answeredSentAt');
    if (sentMs > latest) this.#fields.swap(place, 'answeredSentAt', latest, sentMs);
    this.#window.answered(place, sentMs);
  }

  /**
   * Whether a request stands still for reasons of its own: for much longer than others take, while one that went out
   * after it was answered. Its place is then another's; never where `--per-origin` bounds what is open.
   * @param stillMs since anything of it moved
   * @param isSuspect its target stood still before
   */
  isStuckAlone(place: number, sentAtMs: number, stillMs: number, isSuspect: boolean): boolean {
    if (stillMs < MIN_STUCK_MS || !this.#window.isOpenEnded) return false;
    const midMs = this.#window.usualMs(place);
    if (midMs === null || stillMs < midMs * STUCK_RATIO) return false;
    return isSuspect || this.#fields.get(place, 'answeredSentAt') > this.#fields.sinceEpoch(sentAtMs);
  }

  /** An answer that says too much, with no pause asked for. */
  refused(place: number, sentAtMs: number): void {
    this.#window.refused(place, this.#fields.sinceEpoch(sentAtMs));
  }

  /** An attempt ended without an answer. @param isAlone for reasons of its target */
  failed(place: number, isAlone: boolean): void {
    this.#fields.set(place, 'failedAt', this.#fields.now());
    if (!isAlone) this.#window.troubled(place);
  }

  /** No worker asks this origin for anything before `durationMs` from now. A longer pause stands. */
  pause(place: number, durationMs: number): void {
    const until = Math.min(MAX_PAUSE_MS, Math.ceil(this.#fields.now() + durationMs));
    for (;;) {
      const before = this.#fields.get(place, 'pausedUntil');
      if (before >= until) break;
      if (this.#fields.swap(place, 'pausedUntil', before, until)) break;
    }
    this.#window.closeToOne(place);
  }

  /**
   * As `pause`, where the server gave no time: twice as long as the last, without an answer between.
   * @param sentAtMs when the request that was refused went out, by `nowMs`
   * @param random from 0 to 1
   */
  pauseByCount(place: number, sentAtMs: number, random: number): void {
    // On its way when the pause began: the server has said once what it had to say.
    if (this.#fields.sinceEpoch(sentAtMs) < this.#fields.get(place, 'pausedUntil')) return;
    const strikes = Math.min(16, this.#fields.add(place, 'strikes', 1));
    const longestMs = Math.min(MAX_OWN_PAUSE_MS, FIRST_PAUSE_MS * 2 ** strikes);
    this.#pace.slowDown(place);
    this.pause(place, longestMs * (0.5 + random / 2));
  }

  /** Milliseconds until the origin may be asked again; 0 or less when it may. */
  pauseLeftMs(place: number): number {
    const until = this.#fields.get(place, 'pausedUntil');
    return until === 0 ? 0 : until - this.#fields.now();
  }

  /** Milliseconds until a pause or the least time between two requests is over; 0 or less when neither holds. */
  waitLeftMs(place: number): number {
    return Math.max(this.pauseLeftMs(place), this.#pace.leftMs(place));
  }

  /** How long nothing has come from there although it was asked; 0 when something has, or nothing was asked. */
  silentMs(place: number): number {
    const since = this.#fields.get(place, 'silentSince');
    return since === 0 ? 0 : this.#fields.now() - since;
  }

  /** An attempt failed there after `atMs` without a byte. */
  hasFailedSince(place: number, atMs: number): boolean {
    return this.#fields.get(place, 'failedAt') > this.#fields.sinceEpoch(atMs);
  }

  /** Least time between two requests, as robots.txt asks; the longest that was asked for stands. */
  setSpacing(place: number, spacingMs: number): void {
    this.#pace.setSpacing(place, spacingMs);
  }

  #countOwn(place: number, change: number): void {
    const at = place * OWN_FIELDS.fieldCount + OWN_FIELDS.open;
    this.#own[at] = (this.#own[at] as number) + change;
  }
}
