// Holds a worker's new attempts back while a rate of the run is spent: one timer, whatever number of reasons.

import { nowMs } from '../../../measure/clock.ts';

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
