// Whether the other side is silent as a whole: it takes requests or connections and says nothing at all. A run would wait
// out every deadline of every trial for it.

import type { FailureCode } from '../../model/errors.ts';

/** So many attempts without a byte, from the start of the run on, give up the server. */
export const MOST_SILENT_ATTEMPTS = 10;

const SILENT_CODES: ReadonlySet<FailureCode> = new Set([
  'connect-timeout',
  'first-byte-timeout',
  'total-timeout',
]);

export class Silence {
  #isHeard = false;
  #attempts = 0;

  /** The other side has said something: from now on a silent trial is only that. */
  heard(): void {
    this.#isHeard = true;
  }

  get isTooLong(): boolean {
    return !this.#isHeard && this.#attempts >= MOST_SILENT_ATTEMPTS;
  }

  /** An attempt ended so. @param hadByte something of its answer had come */
  lost(code: FailureCode, hadByte: boolean): void {
    if (hadByte || !SILENT_CODES.has(code)) this.#isHeard = true;
    else this.#attempts += 1;
  }
}
