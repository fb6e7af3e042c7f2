// When an answer or a failure is worth another attempt, and how long to wait for it. Pure functions.

import { FAILURES, type FailureCode } from './errors.ts';
import { parseHttpDate } from './http-date.ts';

const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;
/** Of the client errors, those that speak of the moment and not of the request. */
const RETRYABLE_CLIENT_STATUS = new Set([408, 425, 429]);

export function isRetryableStatus(status: number): boolean {
  return status >= 500 || RETRYABLE_CLIENT_STATUS.has(status);
}

/** @param status of the answer that failed; 0 without one */
export function isRetryable(code: FailureCode, status: number): boolean {
  return code === 'http-status' ? isRetryableStatus(status) : FAILURES[code].retry;
}

/** The longest pause after `tries` of them: `min(maxMs, baseMs * 2^tries)`. */
export function backoffCeilingMs(tries: number, baseMs: number, maxMs: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(tries, 20));
}

/**
 * Exponential with full jitter: `random * min(60 s, 0.5 s * 2^n)`, and never before what the server asked for.
 * (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.)
 * @param attempts made so far, 1 or more
 * @param random in 0 … 1
 */
export function retryDelayMs(attempts: number, retryAfterMs: number, random: number): number {
  const ceilingMs = backoffCeilingMs(attempts - 1, BASE_DELAY_MS, MAX_DELAY_MS);
  // Many that were sent away with one Retry-After come back spread over the same ceiling.
  return retryAfterMs + random * ceilingMs;
}

/**
 * Milliseconds a Retry-After field asks for; 0 where it says nothing. A date counts from the answer's own `date`, for the
 * server means its own clock, and from `nowMs` of ours where the answer has none.
 */
export function parseRetryAfterMs(
  field: string | undefined,
  date: string | undefined,
  nowMs: number,
): number {
  const text = field?.trim() ?? '';
  if (/^\d{1,10}(?:\.\d{1,9})?$/u.test(text)) return Math.ceil(Number(text) * 1000);
  const atMs = parseHttpDate(text);
  if (atMs === null) return 0;
  return Math.max(0, atMs - (parseHttpDate(date ?? '') ?? nowMs));
}
