// The window of each origin in memory that all workers share: counts what answers, and has `window-steps` say after
// each round what comes next. With fixed budgets only the way back after a pause is made here.

import type { FetchBudgets } from '../../../model/fetch-task.ts';
import type { OriginCells } from './origin-cells.ts';
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
  readonly #cells: OriginCells;
  readonly #isAdaptive: boolean;
  /** 0 for no bound. */
  readonly #most: number;

  constructor(cells: OriginCells, { isAdaptive = false, maxPerOrigin }: FetchBudgets) {
    this.#cells = cells;
    this.#isAdaptive = isAdaptive;
    this.#most = maxPerOrigin;
  }

  /** Requests that may be open at the place now; 0 for no bound. */
  limit(place: number): number {
    const window = this.#cells.get(place, 'window');
    if (window > 0) return window;
    return this.#isAdaptive ? this.#open(place) : this.#most;
  }

  /** Somebody was kept waiting by the limit. */
  want(place: number): void {
    if (this.#isAdaptive) this.#cells.set(place, 'roundWanted', 1);
  }

  /** An answer that is no refusal has come whole. @param sentAtMs on the cells' clock */
  answered(place: number, sentAtMs: number): void {
    const cells = this.#cells;
    const window = cells.get(place, 'window');
    if (window === 0 || sentAtMs < cells.get(place, 'cutAt')) return;
    if (!this.#isAdaptive) {
      this.#regain(place, window);
      return;
    }
    const phase = cells.get(place, 'phase');
    // What was sent before a step says nothing of it.
    if (phase !== 0 && sentAtMs < cells.roundStartMs(place)) return;
    const okCount = cells.countAnswer(place, cells.now() - sentAtMs);
    const roundWindow = Math.max(1, cells.get(place, 'roundWindow'));
    if (phase === 0)
      this.#grow(
        place,
        window,
        cells.now() - sentAtMs <= QUICK_MS ? Math.max(QUICK_WINDOW, roundWindow * 2) : roundWindow * 2,
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
    const cells = this.#cells;
    const baseMs = cells.baseMs(place);
    const lengthMs = cells.roundMs(place);
    if (okCount >= roundWindow) return lengthMs >= Math.max(MIN_ROUND_MS, baseMs * 0.8);
    const isTelling = okCount >= TELLING_COUNT && lengthMs >= Math.max(MIN_ROUND_MS, baseMs * 0.25);
    return isTelling && isSlow(baseMs, cells.roundMeanMs(place, okCount));
  }

  #isStepOver(place: number, okCount: number, roundWindow: number): boolean {
    if (okCount < roundWindow * 2) return false;
    const baseMs = this.#cells.baseMs(place);
    return this.#cells.roundMs(place) >= Math.max(MIN_STEADY_ROUND_MS, baseMs * 0.8);
  }

  /** The server said that it was too much. */
  refused(place: number, sentAtMs: number): void {
    const cells = this.#cells;
    if (!this.#isAdaptive || cells.get(place, 'window') === 0) return;
    cells.tryAlone(place, () => {
      const now = cells.now();
      const isOld = sentAtMs < cells.get(place, 'cutAt');
      const state = cells.readWindow(place);
      if (now > cells.get(place, 'episodeUntil')) {
        if (isOld) return;
        cells.set(place, 'episodeFloor', state.phase === 'raised' ? state.heldWindow : state.window);
        cells.set(place, 'episodeCount', 0);
        cells.set(place, 'episodeUntil', now + Math.max(EPISODE_MS, state.baseMs * 2));
      }
      const count = cells.add(place, 'episodeCount', 1) + 1;
      const windowBefore = cells.get(place, 'episodeFloor');
      const next = afterRefusal(state, { count, windowBefore, atMs: now }, isOld);
      cells.writeWindow(place, next);
      // What was sent with the window that was too wide is known to be too much.
      if (state.phase === 'raised' || next.phase === 'growing') cells.set(place, 'cutAt', Math.ceil(now));
    });
  }

  /** An attempt failed without an answer. */
  troubled(place: number): void {
    const cells = this.#cells;
    if (!this.#isAdaptive || cells.get(place, 'window') <= 1) return;
    const trouble = cells.add(place, 'roundTrouble', 1) + 1;
    if (trouble < Math.max(MIN_TROUBLE, cells.get(place, 'window') / 2)) return;
    if (trouble * 2 < cells.get(place, 'roundOk')) return;
    cells.tryAlone(place, () => {
      const state = cells.readWindow(place);
      cells.writeWindow(place, afterSetback(state, state.window / 2));
    });
  }

  /** After the pause that begins now, one request goes first, and the others follow as answers come. */
  closeToOne(place: number): void {
    const cells = this.#cells;
    const limit = this.limit(place);
    // What another thread still sends into the pause says as little of what may go after it.
    cells.set(place, 'cutAt', Math.max(Math.ceil(cells.now()), cells.get(place, 'pausedUntil')));
    if (limit === 1) return;
    cells.tryAlone(place, () => {
      const state = cells.readWindow(place);
      cells.writeWindow(place, afterSetback(state.window === 0 ? { ...state, window: limit } : state, 1));
    });
    // Whoever held the lock instead would have left the window open.
    cells.set(place, 'window', 1);
    cells.set(place, 'roundWindow', 1);
  }

  #open(place: number): number {
    const start = this.#most === 0 ? START_WINDOW : Math.min(START_WINDOW, this.#most);
    const isFirst = this.#cells.tryAlone(place, () => {
      if (this.#cells.get(place, 'window') === 0)
        this.#cells.writeWindow(place, { ...INITIAL_WINDOW, window: start });
    });
    return isFirst ? this.#cells.get(place, 'window') : start;
  }

  /**
   * One more for each answer, so that the window doubles in the time of one; never past twice the round's, but for quick
   * answers, which need no round to be judged by.
   */
  #grow(place: number, window: number, most: number): void {
    const cells = this.#cells;
    if (cells.get(place, 'roundWanted') === 0 || window >= most) return;
    const goal = cells.get(place, 'goal');
    if (goal > 0 && window >= goal) return;
    if (this.#most === 0 || window < this.#most) cells.swap(place, 'window', window, window + 1);
  }

  #endRound(place: number): void {
    const cells = this.#cells;
    cells.tryAlone(place, () => {
      const okCount = cells.get(place, 'roundOk');
      // Another thread may have ended it while this one came here.
      if (okCount < Math.min(TELLING_COUNT, cells.get(place, 'roundWindow'))) return;
      const round = {
        okCount,
        meanMs: cells.roundMeanMs(place, okCount),
        lengthMs: cells.roundMs(place),
        isWanted: cells.get(place, 'roundWanted') === 1,
        endedAtMs: cells.now(),
      };
      const most = this.#most === 0 ? Number.MAX_SAFE_INTEGER : this.#most;
      cells.writeWindow(place, afterRound(cells.readWindow(place), round, most));
    });
  }

  /** The way back of a fixed budget. */
  #regain(place: number, window: number): void {
    const isBack = window + 1 >= (this.#most === 0 ? UNBOUNDED_GOAL : this.#most);
    this.#cells.swap(place, 'window', window, isBack ? 0 : window + 1);
  }
}
