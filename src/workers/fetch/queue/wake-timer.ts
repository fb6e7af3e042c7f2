// One timer for whoever may begin before the next sweep: a pace of 5 ms is not kept by looking every 25.

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
