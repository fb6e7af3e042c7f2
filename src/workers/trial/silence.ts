// Detects a server that is silent as a whole: it accepts requests or connections and never sends a byte.
// Without this, a run would wait out every deadline of every trial.

import type { FailureCode } from '../../model/errors.ts';

/** After so many attempts without a byte, counted from the start of the run, the server is given up. */
export const MOST_SILENT_ATTEMPTS = 10;

const SILENT_CODES: ReadonlySet<FailureCode> = new Set([
  'connect-timeout',
  'first-byte-timeout',
  'total-timeout',
]);

export class Silence {
  #isHeard = false;
  #attempts = 0;

  /** The server has sent something: from now on a silent trial counts only as one failed trial. */
  heard(): void {
    this.#isHeard = true;
  }

  get isTooLong(): boolean {
    return !this.#isHeard && this.#attempts >= MOST_SILENT_ATTEMPTS;
  }

  /** An attempt ended with `code`. @param hadByte whether a byte of its answer had come */
  lost(code: FailureCode, hadByte: boolean): void {
    if (hadByte || !SILENT_CODES.has(code)) this.#isHeard = true;
    else this.#attempts += 1;
  }
}
