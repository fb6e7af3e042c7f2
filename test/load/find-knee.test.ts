import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findKnee } from '../../src/load/find-knee.ts';
import type { KneeStep } from '../../src/model/load/knee-record.ts';

const OPTIONS = { fromPerSec: 100, toPerSec: 1e6, stepSeconds: 5, widthRatio: 0.05 };

/** A service that keeps the rule up to a rate, and a client that sends up to one. */
function measured(limitPerSec: number, ceilingPerSec = Number.POSITIVE_INFINITY) {
  const asked: number[] = [];
  const measure = (perSec: number, seconds: number): Promise<KneeStep> => {
    asked.push(perSec);
    const verdict = perSec > ceilingPerSec ? 'saturated' : perSec > limitPerSec ? 'broke' : 'held';
    const figures = { found: null, rightPerSec: perSec, errorRatio: 0, p50Ms: 1, p99Ms: 2, maxMs: 3 };
    return Promise.resolve({ perSec, seconds, verdict, ...figures });
  };
  return { asked, measure };
}

test('the highest rate that keeps the rule is found within the width that was asked for', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 2, max: 900_000, noNaN: true }), async (limit) => {
      const { measure, asked } = measured(limit);
      const { kneePerSec, isAtLeast, brokePerSec } = await findKnee(measure, OPTIONS);
      assert.ok(
        kneePerSec !== null && kneePerSec <= limit && kneePerSec * 1.05 >= limit / 1.0001,
        `${kneePerSec}`,
      );
      assert.ok(brokePerSec !== null && brokePerSec > limit);
      assert.equal(isAtLeast, false);
      assert.ok(asked.length <= 40);
    }),
  );
});

test('the rate that is given out was confirmed by a longer step', async () => {
  const { measure } = measured(5_000);
  const { steps, kneePerSec } = await findKnee(measure, OPTIONS);
  assert.ok(
    steps.some(
      ({ perSec, seconds, verdict }) => perSec === kneePerSec && seconds === 15 && verdict === 'held',
    ),
  );
});

test('a rate that held by chance and breaks when it is confirmed gives way to the next lower one', async () => {
  const service = measured(4_000);
  let confirmed = 0;
  const { kneePerSec } = await findKnee((perSec, seconds) => {
    if (seconds === 15 && confirmed++ === 0)
      return service.measure(1e9, seconds).then((step) => ({ ...step, perSec }));
    return service.measure(perSec, seconds);
  }, OPTIONS);
  assert.ok(kneePerSec !== null && kneePerSec < 4_000 * 0.99, `${kneePerSec}`);
});

test('where the client is at its end before the service, the rate is "at least"', async () => {
  const { kneePerSec, isAtLeast } = await findKnee(measured(1e9, 3_000).measure, OPTIONS);
  assert.equal(isAtLeast, true);
  assert.ok(kneePerSec !== null && kneePerSec <= 3_000 && kneePerSec > 2_500);
});

test('no rate holds where even one a second breaks the rule', async () => {
  const { kneePerSec, brokePerSec } = await findKnee(measured(0).measure, OPTIONS);
  assert.equal(kneePerSec, null);
  assert.ok((brokePerSec as number) < 2);
});

test('the highest rate that may be asked for ends the search', async () => {
  const { kneePerSec, isAtLeast, steps } = await findKnee(measured(1e9).measure, {
    ...OPTIONS,
    toPerSec: 1_000,
  });
  assert.deepEqual([kneePerSec, isAtLeast], [1_000, true]);
  assert.ok(steps.every(({ perSec }) => perSec <= 1_000));
});

test('a search that is stopped gives what was found so far', async () => {
  const { measure, asked } = measured(50_000);
  const { kneePerSec } = await findKnee(measure, { ...OPTIONS, isStopped: () => asked.length >= 3 });
  assert.equal(asked.length, 3);
  assert.equal(kneePerSec, 400);
});
