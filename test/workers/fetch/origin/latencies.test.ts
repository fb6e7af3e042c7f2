import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LATENCIES } from './latencies.ts';
import { bimodal, unqueued, worstOf } from './virtual-list.ts';

const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);
const COUNT = 6000;
const WINDOWS = [4, 16, 64, 512];

for (const model of LATENCIES)
  test(`what is found takes at most 1.15 of the time of the best fixed window (${model.name})`, (t) => {
    const worst = worstOf({ ...model, count: COUNT }, SEEDS, WINDOWS);
    t.diagnostic(
      `worst of ${SEEDS.length} seeds: ${worst.seed}, ${worst.ratio.toFixed(2)} of ${worst.bestMs.toFixed(0)} ms with ${worst.bestWindow}`,
    );
    assert.ok(worst.ratio <= 1.15, JSON.stringify(worst));
  });

test('600 URLs of which a fifth is slow take less time than with 64 at once, and at most 1.3 of all at once', () => {
  const model = { name: 'bimodal', count: 600, ownMs: bimodal, makeServe: unqueued };
  const beside64 = worstOf(model, SEEDS, [64]);
  assert.ok(beside64.ratio <= 0.9, JSON.stringify(beside64));
  const besideAll = worstOf(model, SEEDS, [600]);
  assert.ok(besideAll.ratio <= 1.3, JSON.stringify(besideAll));
});
