// When an answer or a failure is worth another attempt, and how long to wait for it. Pure functions.

import { FAILURES, type FailureCode } from './errors.ts';

const BASE_DELAY_MS = 500;
const MAX_DELAY_MS = 60_000;
/** Client errors that depend on the moment and not on the request. */
const RETRYABLE_CLIENT_STATUS = new Set([408, 425, 429]);

export function isRetryableStatus(status: number): boolean {
  return status >= 500 || RETRYABLE_CLIENT_STATUS.has(status);
}

/** @param status status of the answer that failed; 0 without one */
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
  // Requests that were rejected with the same Retry-After come back spread over the same ceiling.
  return retryAfterMs + random * ceilingMs;
}

/**
 * Milliseconds that a Retry-After field asks for; 0 when it says nothing. A date counts from the answer's own
 * `date`, because the server means its own clock, and from our `nowMs` when the answer has none.
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

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** `Sun, 06 Nov 1994 08:49:37 GMT`, and `Sunday, 06-Nov-94 …`; GMT may be absent, or be UTC or +0000. */
const WITH_DAY =
  /^[a-z]{3,9},? (?<day>\d{1,2})[ -](?<month>[a-z]{3})[ -](?<year>\d{4}|\d\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)(?: (?:GMT|UTC|[+-]0000))?$/iu;
/** `Sun Nov  6 08:49:37 1994`, as asctime of C writes it. */
const ASCTIME =
  /^[a-z]{3} (?<month>[a-z]{3}) (?<day>[ \d]\d) (?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d) (?<year>\d{4})(?: GMT)?$/iu;

/**
 * Parses an HTTP date (RFC 9110, section 5.6.7) to milliseconds since 1970; null when it is no date.
 * `Date.parse` is not used, as it also accepts `wait 2027` or the 31st of February.
 */
function parseHttpDate(text: string): number | null {
  const found = (WITH_DAY.exec(text.trim()) ?? ASCTIME.exec(text.trim()))?.groups;
  if (found === undefined) return null;
  const month = MONTHS.indexOf(found['month']?.toLowerCase() ?? '');
  const [year, day, hour, minute, second] = ['year', 'day', 'hour', 'minute', 'second'].map((name) =>
    Number(found[name]),
  ) as [number, number, number, number, number];
  // A leap second is the last of its minute.
  if (month === -1 || hour > 23 || minute > 59 || second > 60) return null;
  const atMs = Date.UTC(wholeYear(year), month, day, hour, minute, Math.min(second, 59));
  return new Date(atMs).getUTCDate() === day ? atMs : null;
}

/** Completes two digits to the year that is at most 50 years ahead. */
function wholeYear(year: number): number {
  if (year >= 100) return year;
  const now = new Date().getUTCFullYear();
  const here = now - (now % 100) + year;
  return here > now + 50 ? here - 100 : here;
}
