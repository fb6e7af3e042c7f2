// What a lane itself finds wrong with an attempt: its code is a failure code already, so that nothing has to read a
// message. Errors of the system and of undici pass through a lane as they are.

import type { FailureCode } from '../model/errors.ts';

/** An attempt's end as a lane saw it. Match on `code`. */
export class LaneError extends Error {
  override readonly name = 'LaneError';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
