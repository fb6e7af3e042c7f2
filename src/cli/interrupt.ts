// Ctrl-C, SIGTERM and a terminal that is closed (SIGHUP): the first asks for a drain, what is not settled a moment later is cut, a second one cuts at once.

import { SpillwayError } from '../model/errors.ts';

/** Within this a drained run settles what it has in flight, or loses it, where nobody has said how long it may take. */
const DRAIN_MS = 900;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruptible {
  drain(): void;
  abort(): void;
}

/**
 * Watches until disposed. `wasInterrupted` tells afterwards; then signals go on being taken, so that an impatient one
 * does not cut the account that is being printed, nor change the exit code.
 */
export class InterruptWatch implements Disposable {
  wasInterrupted = false;
  readonly #target: Interruptible;
  readonly #drainMs: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param drainMs from the first signal to the cut */
  constructor(target: Interruptible, drainMs: number = DRAIN_MS) {
    this.#target = target;
    this.#drainMs = drainMs;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  readonly #onSignal = (): void => {
    if (this.wasInterrupted) {
      this.#target.abort();
      return;
    }
    this.wasInterrupted = true;
    this.#target.drain();
    this.#timer = setTimeout(() => this.#target.abort(), this.#drainMs);
  };

  /**
   * What the work gives. While it still starts, a signal to the whole group ends its replicas too, and it fails.
   * @throws SpillwayError `ERR_INTERRUPTED` in place of any failure after a signal
   */
  async guard<Value>(work: Promise<Value>): Promise<Value> {
    try {
      return await work;
    } catch (error) {
      if (!this.wasInterrupted) throw error;
      throw new SpillwayError('ERR_INTERRUPTED', 'interrupted before the first request: nothing was asked', {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    if (this.wasInterrupted) return;
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }
}
