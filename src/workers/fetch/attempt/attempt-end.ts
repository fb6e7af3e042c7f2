// The types in which attempt and engine say how an attempt ended, and functions that make the simplest
// values.

import type { FailureCode, SpillwayError } from '../../../model/errors.ts';
import { thrownText } from '../../../model/one-line.ts';
import type { Committed } from '../../../sinks/sink.ts';

/** How an attempt ended. `broken`: the sink cannot write, which no other attempt can change. */
export type AttemptEnd =
  | {
      readonly kind: 'ok';
      readonly committed: Committed;
      readonly wireBytes: number;
    }
  | { readonly kind: 'redirect'; readonly to: URL; readonly cookies: readonly string[] }
  | AttemptFailure
  /** Its kept connection ended before the answer began. */
  | { readonly kind: 'stale'; readonly detail: string }
  /**
   * The part of the body that is there is of no use, so the target is asked for again at once, from the
   * beginning.
   */
  | { readonly kind: 'anew'; readonly detail: string }
  /** Withdrawn before it was answered, for reasons that are not the target's. */
  | { readonly kind: 'withdrawn' }
  | { readonly kind: 'broken'; readonly error: SpillwayError };

export interface AttemptFailure {
  readonly kind: 'failed';
  readonly code: FailureCode;
  readonly detail: string;
  /** The pause that the server asked for; 0 for none. */
  readonly retryAfterMs: number;
}

export function attemptFailure(code: FailureCode, detail: string, retryAfterMs = 0): AttemptFailure {
  return { kind: 'failed', code, detail, retryAfterMs };
}

/** Makes an error that was thrown during the work on a target into that target's failure. */
export function internalFailure(thrown: unknown): AttemptFailure {
  return attemptFailure('internal', thrownText(thrown));
}
