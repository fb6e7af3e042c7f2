// Decides whether a lost attempt is tried again, by who is to blame and how many attempts are left. Pure.

import { FAILURES, type FailureCode } from '../../model/errors.ts';
import { backoffCeilingMs } from '../../model/retry-policy.ts';
import type { Reached } from '../../transport/lane.ts';

/**
 * `settle`: the failure is the target's outcome. `requeue`: it was not this target's fault, and the attempt
 * does not count against it. `retry`: another attempt after `delayMs`. `hand-over`: again, through undici.
 */
export type Verdict =
  | { readonly kind: 'settle' }
  | { readonly kind: 'requeue' }
  | { readonly kind: 'hand-over' }
  | { readonly kind: 'retry'; readonly delayMs: number };

const SETTLE: Verdict = { kind: 'settle' };
const REQUEUE: Verdict = { kind: 'requeue' };
const HAND_OVER: Verdict = { kind: 'hand-over' };

const BASE_DELAY_MS = 50;
const MAX_DELAY_MS = 5_000;
/**
 * A server that restarts listens again after some tenths of a second; five attempts have to last longer than
 * that.
 */
const REFUSED_BASE_DELAY_MS = 400;
const REFUSED_MAX_DELAY_MS = 2_000;

export interface LostAttempt {
  readonly code: FailureCode;
  readonly reached: Reached;
  /** Attempts charged to this target before this one. */
  readonly charged: number;
  readonly maxRetries: number;
  /** The connection had brought at least one whole answer, so another attempt makes progress. */
  readonly connectionWasUseful: boolean;
  /** Whether a connection can be given up where this machine ran out of something. False for the last one. */
  readonly canShrink: boolean;
  /** In 0 … 1, for the jitter. */
  readonly random: number;
}

/**
 * Judges a lost attempt. A request behind another one when its connection ended is not to blame, and neither
 * is one whose connection ended between answers after useful work: both are asked again for free. That comes
 * to an end, because a connection that brings nothing charges the request at its head; where a deadline ended
 * it before any answer, it charges all of its requests, since charging them one by one would cost a deadline
 * for each at a server that never answers.
 *
 * The pause is exponential with full jitter: random * min(5 s, 50 ms * 2^n) (Brooker, "Exponential Backoff
 * And Jitter", AWS Architecture Blog, 2015). After a refused connect only half of it is random, (1 + random)
 * / 2 * min(2 s, 400 ms * 2^n): four pauses are 2.4 to 4.8 s.
 */
export function judgeLostAttempt(lost: LostAttempt): Verdict {
  const policy = FAILURES[lost.code];
  if (policy.shrink && lost.canShrink) return REQUEUE;
  if (lost.code === 'connection-lost') {
    if (lost.reached === 'queued-behind') return REQUEUE;
    if (lost.connectionWasUseful && lost.reached !== 'answering') return REQUEUE;
  } else if (lost.reached === 'queued-behind' && lost.connectionWasUseful && lost.code !== 'aborted') {
    return REQUEUE;
  }
  if (policy.handOver) return HAND_OVER;
  if (!policy.retry || lost.charged >= lost.maxRetries) return SETTLE;
  if (lost.code === 'connect-refused') {
    const refusedCeilingMs = backoffCeilingMs(lost.charged, REFUSED_BASE_DELAY_MS, REFUSED_MAX_DELAY_MS);
    return { kind: 'retry', delayMs: ((1 + lost.random) / 2) * refusedCeilingMs };
  }
  const ceilingMs = backoffCeilingMs(lost.charged, BASE_DELAY_MS, MAX_DELAY_MS);
  return { kind: 'retry', delayMs: lost.random * ceilingMs };
}
