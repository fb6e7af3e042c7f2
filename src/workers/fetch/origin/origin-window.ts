// The window of each origin, in memory that all workers share: counts answers, and asks `window-steps` after
// each round what comes next. With fixed budgets it only handles the way back after a pause.

import type { FetchBudgets } from '../../../model/fetch-task.ts';
import type { OriginFields } from './origin-fields.ts';
import {
  afterRefusal,
  afterRound,
  afterSetback,
  INITIAL_WINDOW,
  LOW_RATIO,
  MID_RATIO,
  type Round,
  START_WINDOW,
  usualMs,
} from './window-steps.ts';

/** Shortest round: below it, counts reflect the turns of an event loop. */
const MIN_ROUND_MS = 5;
const MIN_STEADY_ROUND_MS = 100;
/** Half of the requests take longer than a fifth of them, but at most this many times longer. */
const MOST_MID_RATIO = 16;
/** Requests that an answer lets out while the window grows, besides the one it replaces. */
const GROWTH_AN_ANSWER = 4;
/** Up to this size the window grows without waiting for a round: as many as a fixed budget gives from the start. */
const FREE_WINDOW = 64;
/** Refusals this close together count as one event; twice the time of an answer where that is longer. */
const EPISODE_MS = 100;
/** Failures without an answer that halve the window, if they are also two thirds of what came. */
const MIN_TROUBLE = 3;
/** Where the way back after a pause ends for an unbounded budget. */
const UNBOUNDED_GOAL = 256;

export class OriginWindow {
  readonly #fields: OriginFields;
  readonly #isAdaptive: boolean;
  /** 0 for no bound. */
  readonly #most: number;

  constructor(fields: OriginFields, { isAdaptive = false, maxPerOrigin }: FetchBudgets) {
    this.#fields = fields;
    this.#isAdaptive = isAdaptive;
    this.#most = maxPerOrigin;
  }

  /** Requests that may be open at the origin now; 0 for no bound. */
  limit(row: number): number {
    const window = this.#fields.get(row, 'window');
    if (window > 0) return window;
    return this.#isAdaptive ? this.#open(row) : this.#most;
  }

  /** True where the window is found by measuring and has no bound. */
  get isOpenEnded(): boolean {
    return this.#isAdaptive && this.#most === 0;
  }

  /** How long requests take when nothing queues; null where that is not known. */
  usualMs(row: number): number | null {
    const { base } = this.#fields.readWindow(row);
    return base.count === 0 ? null : usualMs(base);
  }

  /** Notes that the limit kept somebody waiting. */
  want(row: number): void {
    if (this.#isAdaptive) this.#fields.set(row, 'roundWanted', 1);
  }

  /** A request goes out over an established connection. */
  sent(row: number): void {
    if (this.#isAdaptive) this.#fields.countSent(row);
  }

  /** An answer that is not a refusal has come whole. @param sentAtMs on the fields' clock */
  answered(row: number, sentAtMs: number): void {
    const fields = this.#fields;
    const window = fields.get(row, 'window');
    if (window === 0 || sentAtMs < fields.get(row, 'cutAt')) return;
    if (!this.#isAdaptive) {
      this.#regain(row, window);
      return;
    }
    fields.add(row, 'roundOk', 1);
    const durationMs = fields.now() - sentAtMs;
    const isGrowing = fields.get(row, 'phase') === 0;
    if (isGrowing) this.#grow(row, window);
    if (fields.isOfRound(row, sentAtMs)) fields.countDuration(row, durationMs);
    const round = this.#roundIfOver(row, isGrowing);
    if (round !== null) this.#endRound(row, round);
  }

  /**
   * The round, once enough of its requests are answered to bound the durations of the others from below; else
   * null.
   */
  #roundIfOver(row: number, isGrowing: boolean): Round | null {
    const fields = this.#fields;
    const cutMs = fields.roundCutMs(row);
    if (cutMs === 0) return null;
    const now = fields.now();
    const lengthMs = fields.roundMs(row);
    if (lengthMs < (isGrowing ? MIN_ROUND_MS : MIN_STEADY_ROUND_MS)) return null;
    const sentCount = fields.get(row, 'roundSent') - fields.get(row, 'roundTrouble');
    const answeredCount = fields.get(row, 'roundAnswered');
    if (answeredCount < sentCount * LOW_RATIO) return null;
    const lowMs = fields.roundQuantileMs(row, LOW_RATIO);
    if (now - cutMs < lowMs) return null;
    const foundMs = fields.roundQuantileMs(row, MID_RATIO);
    const midMs = now - cutMs < foundMs ? Number.POSITIVE_INFINITY : foundMs;
    // Where half of them have no answer after so long, none is expected any more.
    if (
      !isGrowing &&
      midMs === Number.POSITIVE_INFINITY &&
      now - cutMs < lowMs * MOST_MID_RATIO + MIN_STEADY_ROUND_MS
    )
      return null;
    return {
      lowMs,
      midMs,
      count: Math.max(1, sentCount),
      perSec: (fields.get(row, 'roundOk') * 1000) / Math.max(lengthMs, 0.1),
      isWanted: fields.get(row, 'roundWanted') === 1,
      endedAtMs: now,
    };
  }

  /** The server said that it was too much. */
  refused(row: number, sentAtMs: number): void {
    const fields = this.#fields;
    if (!this.#isAdaptive || fields.get(row, 'window') === 0) return;
    fields.tryAlone(row, () => {
      const now = fields.now();
      const isOld = sentAtMs < fields.get(row, 'cutAt');
      const state = fields.readWindow(row);
      if (now > fields.get(row, 'episodeUntil')) {
        if (isOld) return;
        fields.set(row, 'episodeFloor', state.phase === 'raised' ? state.heldWindow : state.window);
        fields.set(row, 'episodeCount', 0);
        fields.set(row, 'episodeUntil', now + Math.max(EPISODE_MS, usualMs(state.base) * 2));
      }
      const count = fields.add(row, 'episodeCount', 1) + 1;
      const windowBefore = fields.get(row, 'episodeFloor');
      const next = afterRefusal(state, { count, windowBefore, atMs: now }, isOld);
      fields.writeWindow(row, next);
      // What was sent with the window that was too wide is known to be too much.
      if (state.phase === 'raised' || next.phase === 'growing') fields.set(row, 'cutAt', Math.ceil(now));
    });
  }

  /** An attempt failed without an answer. */
  troubled(row: number): void {
    const fields = this.#fields;
    if (!this.#isAdaptive || fields.get(row, 'window') <= 1) return;
    const trouble = fields.add(row, 'roundTrouble', 1) + 1;
    if (trouble < Math.max(MIN_TROUBLE, fields.get(row, 'window') / 2)) return;
    if (trouble < fields.get(row, 'roundOk') * 2) return;
    fields.tryAlone(row, () => {
      const state = fields.readWindow(row);
      fields.writeWindow(row, afterSetback(state, state.window / 2));
    });
  }

  /** After the pause that begins now, one request goes first, and the others follow as answers come. */
  closeToOne(row: number): void {
    const fields = this.#fields;
    const limit = this.limit(row);
    // What another thread still sends into the pause says nothing about what may follow the pause.
    fields.set(row, 'cutAt', Math.max(Math.ceil(fields.now()), fields.get(row, 'pausedUntil')));
    if (limit === 1) return;
    fields.tryAlone(row, () => {
      const state = fields.readWindow(row);
      fields.writeWindow(row, afterSetback(state.window === 0 ? { ...state, window: limit } : state, 1));
    });
    // Set again: another thread may have held the lock, and the window would have stayed open.
    fields.set(row, 'window', 1);
    fields.set(row, 'roundWindow', 1);
  }

  #open(row: number): number {
    const start = this.#most === 0 ? START_WINDOW : Math.min(START_WINDOW, this.#most);
    const isFirst = this.#fields.tryAlone(row, () => {
      if (this.#fields.get(row, 'window') === 0)
        this.#fields.writeWindow(row, { ...INITIAL_WINDOW, window: start });
    });
    return isFirst ? this.#fields.get(row, 'window') : start;
  }

  /**
   * Grows with each answer, so that the window doubles while a fifth of it is answered. It never passes twice
   * the round's window, except for the first requests, which any client may send. After a setback it grows by
   * one for each answer.
   */
  #grow(row: number, window: number): void {
    const fields = this.#fields;
    if (fields.get(row, 'roundWanted') === 0) return;
    const twice = Math.max(1, fields.get(row, 'roundWindow')) * 2;
    const goal = fields.get(row, 'goal');
    const bound = this.#most || Number.MAX_SAFE_INTEGER;
    const most = Math.min(bound, goal === 0 ? Math.max(FREE_WINDOW, twice) : Math.min(goal, twice));
    const grown = Math.min(most, window + (goal === 0 ? GROWTH_AN_ANSWER : 1));
    if (grown > window) fields.swap(row, 'window', window, grown);
  }

  #endRound(row: number, round: Round): void {
    const fields = this.#fields;
    const startMs = fields.roundStartMs(row);
    fields.tryAlone(row, () => {
      // Another thread may have ended the round meanwhile.
      if (fields.roundStartMs(row) !== startMs) return;
      const most = this.#most === 0 ? Number.MAX_SAFE_INTEGER : this.#most;
      fields.writeWindow(row, afterRound(fields.readWindow(row), round, most));
    });
  }

  /** Grows back the window of a fixed budget. */
  #regain(row: number, window: number): void {
    const isBack = window + 1 >= (this.#most === 0 ? UNBOUNDED_GOAL : this.#most);
    this.#fields.swap(row, 'window', window, isBack ? 0 : window + 1);
  }
}
