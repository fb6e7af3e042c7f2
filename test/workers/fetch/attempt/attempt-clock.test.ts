import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FETCH_OPTIONS } from '../../../../src/cli/fetch/fetch-options.ts';
import { toFetchOptions } from '../../../../src/cli/fetch/fetch-request.ts';
import { readOptions } from '../../../../src/cli/options.ts';
import { resolveRun } from '../../../../src/library/resolve-run.ts';
import { AttemptClock } from '../../../../src/workers/fetch/attempt/attempt-clock.ts';

const initial = Object.fromEntries(
  Object.entries(FETCH_OPTIONS).flatMap(([name, row]) =>
    'initial' in row && row.flags.includes('<') ? [[name, row.initial]] : [],
  ),
);
const byCommand = (given: Record<string, unknown> = {}) =>
  toFetchOptions(readOptions(FETCH_OPTIONS, { ...initial, ...given }), ['http://h/']).limits;
const byLibrary = () => resolveRun({ source: 'http://h/', to: 'discard' }).fetch.limits;

for (const [door, limits] of [
  ['the command', byCommand()],
  ['the library', byLibrary()],
] as const)
  test(`a body that comes for an hour is in nobody's way, with the defaults of ${door}`, () => {
    let atMs = 0;
    const clock = new AttemptClock(limits, 0, () => atMs);
    clock.enter('receiving');
    for (; atMs <= 3_600_000; atMs += 1_000) {
      clock.count(10_000);
      assert.equal(clock.check(atMs, false), null);
    }
    assert.equal(clock.check(atMs + limits.idleMs, false)?.code, 'idle-timeout');
  });

test('a deadline that is asked for counts the body', () => {
  let atMs = 0;
  const clock = new AttemptClock(byCommand({ deadline: '60s' }), 0, () => atMs);
  clock.enter('receiving');
  for (; atMs <= 60_000; atMs += 1_000) clock.count(10_000);
  assert.equal(clock.check(atMs, false)?.code, 'total-timeout');
});
