import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FAILURE_CODES, FAILURES } from '../../../src/model/errors.ts';
import { judgeLostAttempt, type LostAttempt } from '../../../src/workers/trial/retry.ts';

const LOST: LostAttempt = {
  code: 'connection-lost',
  reached: 'head-of-line',
  charged: 0,
  maxRetries: 4,
  connectionWasUseful: false,
  canShrink: true,
  random: 0.5,
};

const REACHED = ['unsent', 'queued-behind', 'head-of-line', 'answering'] as const;

const anyLoss = fc.record({
  code: fc.constantFrom(...FAILURE_CODES),
  reached: fc.constantFrom(...REACHED),
  charged: fc.integer({ min: 0, max: 40 }),
  maxRetries: fc.integer({ min: 0, max: 39 }),
  connectionWasUseful: fc.boolean(),
  canShrink: fc.boolean(),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
});

const TABLE: readonly (readonly [what: string, lost: Partial<LostAttempt>, verdict: string])[] = [
  ['it was the next to be answered', {}, 'retry'],
  ['it stood behind another', { reached: 'queued-behind' }, 'requeue'],
  ['its connection ended between answers', { connectionWasUseful: true }, 'requeue'],
  ['its own answer was cut', { connectionWasUseful: true, reached: 'answering' }, 'retry'],
  ['it was the last attempt', { charged: 4 }, 'settle'],
  ['one attempt is all it has', { maxRetries: 0 }, 'settle'],
  ['the connection was refused', { code: 'connect-refused', reached: 'unsent' }, 'retry'],
  ['no file was left', { code: 'out-of-files', reached: 'unsent', charged: 4 }, 'requeue'],
  [
    'no file was left for the last connection',
    { code: 'out-of-files', reached: 'unsent', canShrink: false },
    'retry',
  ],
  ['the wire transport does not take it', { code: 'unsupported-framing', charged: 4 }, 'hand-over'],
  ['the status is wrong', { code: 'http-status' }, 'settle'],
  ['the answer is wrong', { code: 'wrong-answer' }, 'settle'],
  ['the body is too large', { code: 'body-too-large', reached: 'answering' }, 'settle'],
  ['its deadline passed', { code: 'first-byte-timeout' }, 'retry'],
  [
    'it was cut behind another that brought answers',
    { code: 'first-byte-timeout', reached: 'queued-behind', connectionWasUseful: true },
    'requeue',
  ],
  [
    'it was late on a connection that brought nothing',
    { code: 'first-byte-timeout', reached: 'queued-behind' },
    'retry',
  ],
  ['the run was cut', { code: 'aborted', reached: 'queued-behind' }, 'settle'],
];

for (const [what, lost, verdict] of TABLE) {
  test(`an attempt is lost because ${what}: ${verdict}`, () => {
    assert.equal(judgeLostAttempt({ ...LOST, ...lost }).kind, verdict);
  });
}

test('the pause is random, at most 50 ms doubled for each attempt, and at most five seconds', () => {
  const pauses = [0, 1, 2, 3, 6, 7, 30].map((charged) => {
    const verdict = judgeLostAttempt({ ...LOST, charged, maxRetries: 98, random: 1 });
    return verdict.kind === 'retry' ? verdict.delayMs : verdict.kind;
  });
  assert.deepEqual(pauses, [50, 100, 200, 400, 3_200, 5_000, 5_000]);
  const none = judgeLostAttempt({ ...LOST, random: 0 });
  assert.deepEqual(none, { kind: 'retry', delayMs: 0 });
});

test('five attempts at a connection that is refused take 2.4 to 4.8 seconds', () => {
  const pauses = (random: number) =>
    [0, 1, 2, 3].map((charged) => {
      const verdict = judgeLostAttempt({
        ...LOST,
        code: 'connect-refused',
        reached: 'unsent',
        charged,
        random,
      });
      return verdict.kind === 'retry' ? verdict.delayMs : verdict.kind;
    });
  assert.deepEqual(pauses(0), [200, 400, 800, 1_000]);
  assert.deepEqual(pauses(1), [400, 800, 1_600, 2_000]);
});

test('no loss is retried beyond its attempts, and none that its code forbids', () => {
  fc.assert(
    fc.property(anyLoss, (lost) => {
      const verdict = judgeLostAttempt(lost);
      if (verdict.kind !== 'retry') return;
      assert.ok(lost.charged < lost.maxRetries);
      assert.ok(FAILURES[lost.code].retry);
      assert.ok(verdict.delayMs >= 0 && verdict.delayMs <= 5_000);
    }),
  );
});

test('what comes again for free was not to blame: behind another, after useful work, or for want of resources', () => {
  fc.assert(
    fc.property(anyLoss, (lost) => {
      if (judgeLostAttempt(lost).kind !== 'requeue') return;
      const isShort = FAILURES[lost.code].shrink && lost.canShrink;
      assert.ok(isShort || lost.reached === 'queued-behind' || lost.connectionWasUseful);
      assert.notEqual(lost.code, 'aborted');
    }),
  );
});
