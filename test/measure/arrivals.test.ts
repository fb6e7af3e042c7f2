import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ArrivalOptions, Arrivals, RateRamp } from '../../src/measure/arrivals.ts';

function allDue(options: Omit<ArrivalOptions, 'workerIndex'>): number[] {
  const due: number[] = [];
  for (let workerIndex = 0; workerIndex < options.workerCount; workerIndex++) {
    const arrivals = new Arrivals({ ...options, workerIndex });
    while (arrivals.nextMs !== Number.POSITIVE_INFINITY) due.push(arrivals.take());
  }
  return due.sort((a, b) => a - b);
}

const stage = fc.record({
  fromPerSec: fc.integer({ min: 0, max: 500 }),
  toPerSec: fc.integer({ min: 1, max: 500 }),
  durationMs: fc.integer({ min: 100, max: 4_000 }),
});

test('requests at an even rate are due at equal steps from the start, a hundred million steps on as well', () => {
  const ramp = new RateRamp([{ fromPerSec: 3_000, toPerSec: 3_000, durationMs: 1e9 }]);
  assert.equal(ramp.dueMs(0), 0);
  assert.ok(Math.abs(ramp.dueMs(1e8) - 1e8 / 3) < 1e-3);
});

test('the shares of any number of workers are the whole load, each request once', () => {
  fc.assert(
    fc.property(
      fc.array(stage, { minLength: 1, maxLength: 4 }),
      fc.constantFrom('even' as const, 'poisson' as const),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: 2, max: 7 }),
      (stages, kind, seed, workerCount) => {
        const whole = allDue({ stages, kind, seed, workerCount: 1 });
        const shared = allDue({ stages, kind, seed, workerCount });
        assert.equal(shared.length, whole.length);
        for (const [at, dueMs] of whole.entries())
          assert.ok(Math.abs(dueMs - (shared[at] as number)) < 1e-6, `request ${at}`);
      },
    ),
    { numRuns: 60 },
  );
});

test('an even load has as many requests as its stages hold, in order and within their time', () => {
  fc.assert(
    fc.property(fc.array(stage, { minLength: 1, maxLength: 4 }), (stages) => {
      const due = allDue({ stages, kind: 'even', seed: 0, workerCount: 1 });
      const ramp = new RateRamp(stages);
      assert.equal(due.length, Math.ceil(ramp.totalCount - 1e-9));
      const wholeMs = stages.reduce((sum, { durationMs }) => sum + durationMs, 0);
      for (const [at, dueMs] of due.entries()) {
        assert.ok(dueMs >= (due[at - 1] ?? 0) && dueMs <= wholeMs + 1e-6);
      }
    }),
  );
});

test('after so much of a ramp, as many requests were due as the area under the rate says', () => {
  fc.assert(
    fc.property(stage, fc.double({ min: 0, max: 1, noNaN: true }), (ramp, part) => {
      const atMs = part * ramp.durationMs;
      const due = allDue({ stages: [ramp], kind: 'even', seed: 0, workerCount: 1 });
      const seconds = atMs / 1e3;
      const slope = (ramp.toPerSec - ramp.fromPerSec) / (ramp.durationMs / 1e3);
      const area = ramp.fromPerSec * seconds + (slope * seconds * seconds) / 2;
      const count = due.filter((dueMs) => dueMs < atMs).length;
      assert.ok(Math.abs(count - area) <= 1 + 1e-6, `${count} due, ${area} wanted`);
    }),
  );
});

test('gaps of a Poisson load have the mean and the spread of an exponential distribution', () => {
  const due = allDue({
    stages: [{ fromPerSec: 1_000, toPerSec: 1_000, durationMs: 50_000 }],
    kind: 'poisson',
    seed: 7,
    workerCount: 3,
  });
  const gaps = due.slice(1).map((dueMs, at) => dueMs - (due[at] as number));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
  assert.ok(Math.abs(mean - 1) < 0.02, `mean ${mean}`);
  assert.ok(Math.abs(Math.sqrt(variance) / mean - 1) < 0.02, `spread ${Math.sqrt(variance) / mean}`);
});
