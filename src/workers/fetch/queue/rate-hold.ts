// Two timers of a worker: one holds new attempts back while a rate of the run is spent, one begins those that become
// possible before the next sweep.

import { nowMs } from '../../../measure/clock.ts';

/** Holds attempts back, whatever number of reasons there are. */
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

  /** Begins no attempt for so long; a longer hold stands. */
  holdFor(durationMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, nowMs() + durationMs);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      // More bytes may have come meanwhile.
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

/** Wakes whoever may begin before the next sweep: a pace of 5 ms is not kept by looking every 25. */
export class WakeTimer {
  readonly #onWake: () => void;
  readonly #mostMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param mostMs what lies further ahead is left to the sweep */
  constructor(mostMs: number, onWake: () => void) {
    this.#mostMs = mostMs;
    this.#onWake = onWake;
  }

  /** Wakes in so many milliseconds, or before; not at all for 0 or less. */
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
