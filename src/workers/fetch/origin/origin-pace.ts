// The least time between two requests to an origin: what its robots.txt asks for, and what its refusals have
// taught. Bounding the number of open requests is not enough for a server that counts requests a second, as
// most do that answer 429.

import type { OriginFields } from './origin-fields.ts';

/** Unit of `nextStart`, which wraps after six hours, so only differences have a meaning. */
const TICKS_PER_MS = 100;
/** A start that seems further away than its spacing and this much more is hours old. */
const STALE_TICKS = 1_000 * TICKS_PER_MS;
/** Unit of a pace: hundredths of a microsecond, so that a step of a thousandth is not rounded to 0. */
const UNITS_PER_US = 100;
const UNITS_PER_TICK = (1_000 * UNITS_PER_US) / TICKS_PER_MS;
/** Bounds of the first pace: 5,000 to 50 requests a second. */
const LEAST_FIRST = 200 * UNITS_PER_US;
const MOST_FIRST = 20_000 * UNITS_PER_US;
/** A shorter pace holds nothing back any more: 10,000 requests a second. */
const LEAST = 100 * UNITS_PER_US;
const MOST = 10_000_000 * UNITS_PER_US;
/** A refusal before this many answers means that the pace is far too fast. */
const FEW_ANSWERS = 16;
const SLOWER_RATIO = 1.25;
/** Winning back what a refusal cost takes at least 228 answers, and at least five seconds. */
const FASTER_SHIFT = 10;
const FASTER_A_UNIT = Math.log(SLOWER_RATIO) / (5e6 * UNITS_PER_US);

export class OriginPace {
  readonly #fields: OriginFields;

  constructor(fields: OriginFields) {
    this.#fields = fields;
  }

  /** Takes the next start. False: it is not due. */
  tryStart(row: number): boolean {
    const spacingTicks = this.#spacingTicks(row);
    if (spacingTicks === 0) return true;
    const next = this.#fields.get(row, 'nextStart');
    const now = this.#now();
    if (this.#aheadTicks(next, now, spacingTicks) > 0) return false;
    // A late start is not made up for, because the server would see two in a row. The exception is 1 ms, the
    // resolution of a timer.
    const lateTicks = spacingTicks < TICKS_PER_MS ? Math.min(TICKS_PER_MS, (now - next) | 0) : 0;
    return this.#fields.swap(row, 'nextStart', next, (now - Math.max(0, lateTicks) + spacingTicks) | 0);
  }

  /** Milliseconds until the next start; 0 or less when it is due. */
  leftMs(row: number): number {
    const spacingTicks = this.#spacingTicks(row);
    if (spacingTicks === 0) return 0;
    const next = this.#fields.get(row, 'nextStart');
    return this.#aheadTicks(next, this.#now(), spacingTicks) / TICKS_PER_MS;
  }

  /** Sets what robots.txt asks for; of several the longest holds. */
  setSpacing(row: number, spacingMs: number): void {
    if (this.#fields.get(row, 'spacing') < spacingMs) this.#fields.set(row, 'spacing', Math.ceil(spacingMs));
  }

  /**
   * Refused without a stated time. The first pace is the rate of recent answers; later ones are slower by a
   * factor.
   */
  slowDown(row: number): void {
    const fields = this.#fields;
    const before = fields.get(row, 'pace');
    const ratio = fields.get(row, 'paceAnswers') < FEW_ANSWERS ? 2 : SLOWER_RATIO;
    fields.set(row, 'paceAnswers', 0);
    fields.set(row, 'pace', before === 0 ? this.#first(row) : Math.min(MOST, before * ratio));
  }

  /** A whole answer that is not a refusal makes the pace a little faster. */
  answered(row: number): void {
    const fields = this.#fields;
    const pace = fields.get(row, 'pace');
    if (pace === 0) return;
    fields.add(row, 'paceAnswers', 1);
    const left = pace - Math.ceil(Math.min(pace >> FASTER_SHIFT, pace * pace * FASTER_A_UNIT));
    // Another thread may have changed the pace meanwhile; this step is then left out.
    fields.swap(row, 'pace', pace, left < LEAST ? 0 : left);
  }

  #first(row: number): number {
    const okCount = this.#fields.get(row, 'roundOk') + 1;
    const us = (Math.max(1, this.#fields.roundMs(row)) * 1000) / okCount;
    return Math.min(MOST_FIRST, Math.max(LEAST_FIRST, us * UNITS_PER_US));
  }

  #spacingTicks(row: number): number {
    const askedTicks = this.#fields.get(row, 'spacing') * TICKS_PER_MS;
    return Math.max(askedTicks, Math.ceil(this.#fields.get(row, 'pace') / UNITS_PER_TICK));
  }

  #aheadTicks(next: number, now: number, spacingTicks: number): number {
    const aheadTicks = (next - now) | 0;
    return aheadTicks > spacingTicks + STALE_TICKS ? 0 : aheadTicks;
  }

  #now(): number {
    return Math.floor(this.#fields.now() * TICKS_PER_MS) | 0;
  }
}
