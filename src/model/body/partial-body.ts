// A body that was begun and is not whole, and what it takes to go on with it in another attempt or another process. Plain
// data that crosses a thread and lies in the journal until the body is whole.

import type { AnswerFacts } from './answer-facts.ts';

/** Shorter bodies are begun anew by another process: their row in the journal costs more than their bytes. */
export const LEAST_KEPT_BYTES = 1024 * 1024;

/** What an answer allowed when its body began. */
export interface Continuation {
  /** Origin and path of the URL that answered; a query may hold a signature of one request. */
  readonly resource: string;
  /** For If-Range: a strong entity tag, else a date that is strong; null where it goes on without. */
  readonly validator: string | null;
  /** Length of the whole body; null where the head did not say. */
  readonly totalBytes: number | null;
  readonly facts: AnswerFacts;
}

export interface PartialBody extends Continuation {
  /** Below the directory where bodies wait. */
  readonly file: string;
  /** The head that the body came with, as far as its sink wants it. */
  readonly head: {
    readonly finalUrl: string;
    readonly status: number;
    readonly statusText: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly disposition: string | null;
    readonly receivedAtMs: number;
  };
}
