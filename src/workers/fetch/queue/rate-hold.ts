// Two timers of a worker: one holds back new attempts while a rate of the run is used up, one wakes jobs that
// may begin before the next sweep.

import { nowMs } from '../../../measure/clock.ts';

/** Holds attempts back, for any number of reasons at once. */
export class RateHold {
  readonly #onOver: () => void;
  #untilMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onOver called when attempts may begin again */
  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  get isHolding(): boolean {
    return this.#timer !== undefined;
  }

  /** Holds attempts back for `durationMs`; a longer hold stays. */
  holdFor(durationMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, nowMs() + durationMs);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // More bytes may have extended the hold.
      const leftMs = this.#untilMs - nowMs();
      if (leftMs >= 1) this.holdFor(leftMs);
      else this.#onOver();
    }, Math.ceil(durationMs));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Wakes jobs that may begin before the next sweep: a sweep every 25 ms cannot keep a pace of 5 ms. */
export class WakeTimer {
  readonly #onWake: () => void;
  readonly #mostMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param mostMs later times are left to the sweep */
  constructor(mostMs: number, onWake: () => void) {
    this.#mostMs = mostMs;
    this.#onWake = onWake;
  }

  /** Wakes in `ms` milliseconds or earlier; not at all for 0 or less. */
  wakeIn(ms: number): void {
    if (ms <= 0 || ms >= this.#mostMs || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onWake();
    }, Math.ceil(ms));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
