// The window of each origin in memory that all workers share: counts what answers, and has `window-steps` say after
// each round what comes next. With fixed budgets only the way back after a pause is made here.

import type { FetchBudgets } from '../../../model/fetch-task.ts';
import type { OriginFields } from './origin-fields.ts';
import {
  afterRefusal,
  afterRound,
  afterSetback,
  INITIAL_WINDOW,
  isSlow,
  QUICK_MS,
  QUICK_WINDOW,
  START_WINDOW,
} from './window-steps.ts';

/** No round is shorter: below it, counts are made of the turns of an event loop. */
const MIN_ROUND_MS = 5;
const MIN_STEADY_ROUND_MS = 100;
/** Answers whose mean says something before a round is over. */
const TELLING_COUNT = 16;
/** Refusals that come so close together speak of one moment; twice an answer's time where that is longer. */
const EPISODE_MS = 100;
/** Failures without an answer that halve the window, where they are also a third of what came. */
const MIN_TROUBLE = 3;
/** Where an unbounded budget ends its way back after a pause. */
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

  /** Requests that may be open at the place now; 0 for no bound. */
  limit(place: number): number {
    const window = this.#fields.get(place, 'window');
    if (window > 0) return window;
    return this.#isAdaptive ? this.#open(place) : this.#most;
  }

  /** Somebody was kept waiting by the limit. */
  want(place: number): void {
    if (this.#isAdaptive) this.#fields.set(place, 'roundWanted', 1);
  }

  /** An answer that is no refusal has come whole. @param sentAtMs on the fields' clock */
  answered(place: number, sentAtMs: number): void {
    const fields = this.#fields;
    const window = fields.get(place, 'window');
    if (window === 0 || sentAtMs < fields.get(place, 'cutAt')) return;
    if (!this.#isAdaptive) {
      this.#regain(place, window);
      return;
    }
    const phase = fields.get(place, 'phase');
    // What was sent before a step says nothing of it.
    if (phase !== 0 && sentAtMs < fields.roundStartMs(place)) return;
    const okCount = fields.countAnswer(place, fields.now() - sentAtMs);
    const roundWindow = Math.max(1, fields.get(place, 'roundWindow'));
    if (phase === 0)
      this.#grow(
        place,
        window,
        fields.now() - sentAtMs <= QUICK_MS ? Math.max(QUICK_WINDOW, roundWindow * 2) : roundWindow * 2,
      );
    if (
      phase === 0
        ? this.#isGrowthOver(place, okCount, roundWindow)
        : this.#isStepOver(place, okCount, roundWindow)
    )
      this.#endRound(place);
  }

  /** A round of slow start is as many answers as were open, or fewer that show already that a queue grows. */
  #isGrowthOver(place: number, okCount: number, roundWindow: number): boolean {
    const fields = this.#fields;
    const baseMs = fields.baseMs(place);
    const lengthMs = fields.roundMs(place);
    if (okCount >= roundWindow) return lengthMs >= Math.max(MIN_ROUND_MS, baseMs * 0.8);
    const isTelling = okCount >= TELLING_COUNT && lengthMs >= Math.max(MIN_ROUND_MS, baseMs * 0.25);
    return isTelling && isSlow(baseMs, fields.roundMeanMs(place, okCount));
  }

  #isStepOver(place: number, okCount: number, roundWindow: number): boolean {
    if (okCount < roundWindow * 2) return false;
    const baseMs = this.#fields.baseMs(place);
    return this.#fields.roundMs(place) >= Math.max(MIN_STEADY_ROUND_MS, baseMs * 0.8);
  }

  /** The server said that it was too much. */
  refused(place: number, sentAtMs: number): void {
    const fields = this.#fields;
    if (!this.#isAdaptive || fields.get(place, 'window') === 0) return;
    fields.tryAlone(place, () => {
      const now = fields.now();
      const isOld = sentAtMs < fields.get(place, 'cutAt');
      const state = fields.readWindow(place);
      if (now > fields.get(place, 'episodeUntil')) {
        if (isOld) return;
        fields.set(place, 'episodeFloor', state.phase === 'raised' ? state.heldWindow : state.window);
        fields.set(place, 'episodeCount', 0);
        fields.set(place, 'episodeUntil', now + Math.max(EPISODE_MS, state.baseMs * 2));
      }
      const count = fields.add(place, 'episodeCount', 1) + 1;
      const windowBefore = fields.get(place, 'episodeFloor');
      const next = afterRefusal(state, { count, windowBefore, atMs: now }, isOld);
      fields.writeWindow(place, next);
      // What was sent with the window that was too wide is known to be too much.
      if (state.phase === 'raised' || next.phase === 'growing') fields.set(place, 'cutAt', Math.ceil(now));
    });
  }

  /** An attempt failed without an answer. */
  troubled(place: number): void {
    const fields = this.#fields;
    if (!this.#isAdaptive || fields.get(place, 'window') <= 1) return;
    const trouble = fields.add(place, 'roundTrouble', 1) + 1;
    if (trouble < Math.max(MIN_TROUBLE, fields.get(place, 'window') / 2)) return;
    if (trouble * 2 < fields.get(place, 'roundOk')) return;
    fields.tryAlone(place, () => {
      const state = fields.readWindow(place);
      fields.writeWindow(place, afterSetback(state, state.window / 2));
    });
  }

  /** After the pause that begins now, one request goes first, and the others follow as answers come. */
  closeToOne(place: number): void {
    const fields = this.#fields;
    const limit = this.limit(place);
    // What another thread still sends into the pause says as little of what may go after it.
    fields.set(place, 'cutAt', Math.max(Math.ceil(fields.now()), fields.get(place, 'pausedUntil')));
    if (limit === 1) return;
    fields.tryAlone(place, () => {
      const state = fields.readWindow(place);
      fields.writeWindow(place, afterSetback(state.window === 0 ? { ...state, window: limit } : state, 1));
    });
    // Whoever held the lock instead would have left the window open.
    fields.set(place, 'window', 1);
    fields.set(place, 'roundWindow', 1);
  }

  #open(place: number): number {
    const start = this.#most === 0 ? START_WINDOW : Math.min(START_WINDOW, this.#most);
    const isFirst = this.#fields.tryAlone(place, () => {
      if (this.#fields.get(place, 'window') === 0)
        this.#fields.writeWindow(place, { ...INITIAL_WINDOW, window: start });
    });
    return isFirst ? this.#fields.get(place, 'window') : start;
  }

  /**
   * One more for each answer, so that the window doubles in the time of one; never past twice the round's, but for quick
   * answers, which need no round to be judged by.
   */
  #grow(place: number, window: number, most: number): void {
    const fields = this.#fields;
    if (fields.get(place, 'roundWanted') === 0 || window >= most) return;
    const goal = fields.get(place, 'goal');
    if (goal > 0 && window >= goal) return;
    if (this.#most === 0 || window < this.#most) fields.swap(place, 'window', window, window + 1);
  }

  #endRound(place: number): void {
    const fields = this.#fields;
    fields.tryAlone(place, () => {
      const okCount = fields.get(place, 'roundOk');
      // Another thread may have ended it while this one came here.
      if (okCount < Math.min(TELLING_COUNT, fields.get(place, 'roundWindow'))) return;
      const round = {
        okCount,
        meanMs: fields.roundMeanMs(place, okCount),
        lengthMs: fields.roundMs(place),
        isWanted: fields.get(place, 'roundWanted') === 1,
        endedAtMs: fields.now(),
      };
      const most = this.#most === 0 ? Number.MAX_SAFE_INTEGER : this.#most;
      fields.writeWindow(place, afterRound(fields.readWindow(place), round, most));
    });
  }

  /** The way back of a fixed budget. */
  #regain(place: number, window: number): void {
    const isBack = window + 1 >= (this.#most === 0 ? UNBOUNDED_GOAL : this.#most);
    this.#fields.swap(place, 'window', window, isBack ? 0 : window + 1);
  }
}
