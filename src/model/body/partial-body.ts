// A body that was begun and is not complete, and what is needed to continue it in another attempt or process.
// Plain data that crosses a thread and stays in the journal until the body is complete.

import type { AnswerFacts } from './answer-facts.ts';

/** Shorter bodies are begun again by another process: a row in the journal would cost more than their bytes. */
export const LEAST_KEPT_BYTES = 1024 * 1024;

/** What an answer allowed when its body began. */
export interface Continuation {
  /** Origin and path of the URL that answered; a query may hold a signature of one request. */
  readonly resource: string;
  /** For If-Range: a strong entity tag, else a date that is strong; null to continue without one. */
  readonly validator: string | null;
  /** Length of the whole body; null when the head did not say. */
  readonly totalBytes: number | null;
  readonly facts: AnswerFacts;
}

export interface PartialBody extends Continuation {
  /** Relative to the directory of partial bodies. */
  readonly file: string;
  /** The fields of the head that came with the body and that its sink needs. */
  readonly head: {
    readonly finalUrl: string;
    readonly status: number;
    readonly statusText: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly disposition: string | null;
    readonly receivedAtMs: number;
  };
}
