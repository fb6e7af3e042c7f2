// Handles Ctrl-C, SIGTERM and a terminal that is closed (SIGHUP). The first signal asks for a drain; what has not
// settled after the drain time is cut; a second signal cuts at once.

import { SpillwayError } from '../model/errors.ts';

/** The drain time where no option gives one. */
const DRAIN_MS = 900;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interruptible {
  drain(): void;
  abort(): void;
}

/**
 * Watches signals until disposed; `wasInterrupted` says whether one came. After a signal it keeps its handlers, so
 * that another one does not cut the account that is being printed, nor change the exit code.
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
   * Awaits the work. A signal to the whole process group also ends the replicas, so that work that still starts
   * fails.
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
