// One timer for every deadline, pause and retry of a worker; it keeps the thread alive while no socket does.
// It notices when the thread itself stood still, so that no deadline passes while nothing could be read.

import { nowMs } from '../../measure/clock.ts';

export const SWEEP_MS = 25;
/** A sweep that is this late was held up by the thread itself. */
const LATE_SWEEP_MS = 500;

export class Sweep {
  readonly #timer: NodeJS.Timeout;
  #sweptAtMs = nowMs();

  /**
   * @param onSweep gets false where deadlines must not be judged yet, because what arrived meanwhile is read
   * first
   */
  constructor(onSweep: (now: number, isAwake: boolean) => void) {
    this.#timer = setInterval(() => {
      const now = nowMs();
      const isLate = now - this.#sweptAtMs - SWEEP_MS > LATE_SWEEP_MS;
      this.#sweptAtMs = now;
      onSweep(now, !isLate);
    }, SWEEP_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
