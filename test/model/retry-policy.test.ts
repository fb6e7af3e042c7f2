import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isRetryable,
  isRetryableStatus,
  parseRetryAfterMs,
  retryDelayMs,
} from '../../src/model/retry-policy.ts';

const NOW = Date.UTC(1994, 10, 6, 8, 49, 0);

const FIELDS: readonly (readonly [field: string | undefined, ms: number])[] = [
  ['120', 120_000],
  [' 0 ', 0],
  ['1.5', 1500],
  ['Sun, 06 Nov 1994 08:49:37 GMT', 37_000],
  ['Sunday, 06-Nov-94 08:49:37 GMT', 37_000],
  ['Sun Nov  6 08:49:37 1994', 37_000],
  ['Sun, 06 Nov 1994 08:00:00 GMT', 0],
  ['Sun, 06 Nov 1994 08:49:37', 37_000],
  ['Sun, 06 Nov 1994 08:49:60 GMT', 59_000],
  // What a lenient reader takes for a date.
  ['wait 2027', 0],
  ['Wed, 31 Feb 2027 00:00:00 GMT', 0],
  ['Sun, 06 Nov 1994 25:00:00 GMT', 0],
  ['Sun, 06 Nov 1994 08:49:37 CEST', 0],
  ['Mon 2027', 0],
  ['2027-01-01T00:00:00Z', 0],
  ['1e9', 0],
  ['99999999999', 0],
  ['soon', 0],
  ['-5', 0],
  ['', 0],
  [undefined, 0],
];

for (const [field, ms] of FIELDS)
  test(`Retry-After ${JSON.stringify(field)} asks for ${ms} ms`, () =>
    assert.equal(parseRetryAfterMs(field, undefined, NOW), ms));

test("a date counts from the answer's own, whatever the clocks say", () => {
  const date = 'Sun, 06 Nov 1994 08:49:00 GMT';
  const field = 'Sun, 06 Nov 1994 08:49:37 GMT';
  assert.equal(parseRetryAfterMs(field, date, NOW + 3_600_000), 37_000);
  assert.equal(parseRetryAfterMs(field, date, NOW - 3_600_000), 37_000);
  assert.equal(parseRetryAfterMs(field, 'no date', NOW), 37_000);
  assert.equal(parseRetryAfterMs('5', date, NOW + 3_600_000), 5_000);
});

test('the wait grows exponentially up to its ceiling, with full jitter, and never before what was asked for', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 20].map((attempts) => retryDelayMs(attempts, 0, 1)),
    [500, 1000, 2000, 4000, 60_000],
  );
  assert.equal(retryDelayMs(3, 0, 0), 0);
  assert.equal(retryDelayMs(3, 7_200_000, 0), 7_200_000);
  assert.ok(retryDelayMs(1, 7_200_000, 0.5) > 7_200_000);
});

test('of the 4xx, only 408, 425 and 429 are worth another attempt', () => {
  const retried = Array.from({ length: 100 }, (_, n) => 400 + n).filter(isRetryableStatus);
  assert.deepEqual(retried, [408, 425, 429]);
  assert.equal(isRetryable('http-status', 503), true);
  assert.equal(isRetryable('tls', 0), false);
  assert.equal(isRetryable('connection-lost', 0), true);
});
