// How one attempt ended, in the words that attempt and engine share. Types, and the plainest of its values.

import type { FailureCode, SpillwayError } from '../../../model/errors.ts';
import { thrownText } from '../../../model/one-line.ts';
import type { Committed } from '../../../sinks/sink.ts';

/** How an attempt ended. `broken`: the sink could not write, which no attempt can mend. */
export type AttemptEnd =
  | {
      readonly kind: 'ok';
      readonly committed: Committed;
      readonly wireBytes: number;
    }
  | { readonly kind: 'redirect'; readonly to: URL; readonly cookies: readonly string[] }
  | AttemptFailure
  /** Its kept connection had ended before it was answered. */
  | { readonly kind: 'stale'; readonly detail: string }
  /** What came of its body is of no use: it is begun anew, at once. */
  | { readonly kind: 'anew'; readonly detail: string }
  /** Taken back before it was answered, for reasons that are not the target's. */
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'broken'; readonly error: SpillwayError };

export interface AttemptFailure {
  readonly kind: 'failed';
  readonly code: FailureCode;
  readonly detail: string;
  /** What the server asked for; 0 for nothing. */
  readonly retryAfterMs: number;
}

export function attemptFailure(code: FailureCode, detail: string, retryAfterMs = 0): AttemptFailure {
  return { kind: 'failed', code, detail, retryAfterMs };
}

/** The target's failure that whatever was thrown while it was worked at becomes. */
export function internalFailure(thrown: unknown): AttemptFailure {
  return attemptFailure('internal', thrownText(thrown));
}
