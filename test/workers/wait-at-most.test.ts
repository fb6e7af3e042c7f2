import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitAtMost } from '../../src/workers/wait-at-most.ts';

test('a wait ends with its work, with the error of its work, or at its limit', async () => {
  await waitAtMost(Promise.resolve(1), 600_000);
  await assert.rejects(waitAtMost(Promise.reject(new Error('broken')), 600_000), /broken/u);
  const startedAtMs = performance.now();
  await waitAtMost(new Promise(() => {}), 20);
  assert.ok(performance.now() - startedAtMs >= 18);
});
