import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CeilingInput, findCeiling } from '../../src/load/ceiling.ts';
import { Histogram } from '../../src/measure/histogram.ts';

function evidence({
  busy = 0.1,
  lateMs = [0.1, 0.1, 0.1, 0.1],
  runDelayMs = 0,
  noneFree = 0,
  isOpen = true,
}): string[] {
  const lateQuarters = lateMs.map((ms) => {
    const histogram = new Histogram();
    for (let count = 0; count < 100; count++) histogram.recordMs(ms);
    return histogram;
  });
  const input = {
    plan: { rate: isOpen ? { stages: [], kind: 'even' } : null, workerCount: 2 },
    tally: { eluActiveMs: busy * 1e4, eluIdleMs: (1 - busy) * 1e4, runDelayMs, noneFree, asked: 1_000 },
    figures: { latencies: { response: { p99Ms: 5 } } },
    lateQuarters,
    wallMs: 10_000,
  } as unknown as CeilingInput;
  return findCeiling(input).map(({ what, level }) => `${level}: ${what}`);
}

test('a client with time to spare is not what bounds', () => {
  assert.deepEqual(evidence({}), []);
  assert.deepEqual(evidence({ isOpen: false, busy: 0.75 }), []);
});

test("a busy thread, waits for a core and requests that go out later and later are the client's end", () => {
  assert.deepEqual(evidence({ busy: 0.65 }), ['warning: CPU of this machine']);
  assert.deepEqual(evidence({ busy: 0.75 }), ['at-least: CPU of this machine']);
  assert.deepEqual(evidence({ isOpen: false, busy: 0.97 }), ['at-least: CPU of this machine']);
  // Two threads that waited a second each, of ten.
  assert.deepEqual(evidence({ runDelayMs: 2_000 }), ['warning: a core for the thread']);
  assert.deepEqual(evidence({ runDelayMs: 6_000 }), ['at-least: a core for the thread']);
  assert.deepEqual(evidence({ lateMs: [1, 3, 6, 9] }), ['at-least: sending on time']);
  assert.deepEqual(evidence({ lateMs: [2, 2, 2, 2] }), ['warning: sending on time']);
});

test('too few connections are named, and only in the open model', () => {
  assert.deepEqual(evidence({ noneFree: 200 }), ['warning: connections']);
  assert.deepEqual(evidence({ noneFree: 200, isOpen: false }), []);
});
