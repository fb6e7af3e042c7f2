// The least time between two requests to an origin: what its robots.txt asks for, and what its refusals have taught. A
// server that counts requests a second, as most do that answer 429, cannot be kept to by counting what is open.

import type { OriginFields } from './origin-fields.ts';

/** Of `nextStart`; it wraps after six hours, so that only differences mean something. */
const TICKS_PER_MS = 100;
/** A start that seems further away than its spacing is one of hours ago. */
const STALE_TICKS = 1_000 * TICKS_PER_MS;
/** Of a pace: hundredths of a microsecond, so that a step of a thousandth is still a number. */
const UNITS_PER_US = 100;
const UNITS_PER_TICK = (1_000 * UNITS_PER_US) / TICKS_PER_MS;
/** Bounds of the first pace: 5,000 to 50 requests a second. */
const LEAST_FIRST = 200 * UNITS_PER_US;
const MOST_FIRST = 20_000 * UNITS_PER_US;
/** Below it nothing is held back any more: 10,000 requests a second. */
const LEAST = 100 * UNITS_PER_US;
const MOST = 10_000_000 * UNITS_PER_US;
/** A refusal before so many answers means that the pace is far off. */
const FEW_ANSWERS = 16;
const SLOWER_RATIO = 1.25;
/** What a refusal has cost is won back in no fewer than 228 answers, and in no less than five seconds. */
const FASTER_SHIFT = 10;
const FASTER_A_UNIT = Math.log(SLOWER_RATIO) / (5e6 * UNITS_PER_US);

export class OriginPace {
  readonly #fields: OriginFields;

  constructor(fields: OriginFields) {
    this.#fields = fields;
  }

  /** Takes the next start, if it is due. */
  tryStart(row: number): boolean {
    const spacingTicks = this.#spacingTicks(row);
    if (spacingTicks === 0) return true;
    const next = this.#fields.get(row, 'nextStart');
    const now = this.#now();
    if (this.#aheadTicks(next, now, spacingTicks) > 0) return false;
    // A late start is not caught up on: to the server two in a row would be one too many. A timer is no finer than 1 ms.
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

  /** What robots.txt asks for; the longest that was asked for stands. */
  setSpacing(row: number, spacingMs: number): void {
    if (this.#fields.get(row, 'spacing') < spacingMs) this.#fields.set(row, 'spacing', Math.ceil(spacingMs));
  }

  /** Refused without a time: the first pace is what was answered last, and then each is a part of the one before. */
  slowDown(row: number): void {
    const fields = this.#fields;
    const before = fields.get(row, 'pace');
    const ratio = fields.get(row, 'paceAnswers') < FEW_ANSWERS ? 2 : SLOWER_RATIO;
    fields.set(row, 'paceAnswers', 0);
    fields.set(row, 'pace', before === 0 ? this.#first(row) : Math.min(MOST, before * ratio));
  }

  /** A whole answer that is no refusal: a little faster. */
  answered(row: number): void {
    const fields = this.#fields;
    const pace = fields.get(row, 'pace');
    if (pace === 0) return;
    fields.add(row, 'paceAnswers', 1);
    const left = pace - Math.ceil(Math.min(pace >> FASTER_SHIFT, pace * pace * FASTER_A_UNIT));
    // Whoever comes between has made it faster, or slower: either way this step is not missed.
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
