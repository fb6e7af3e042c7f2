// Unit tests open no socket, thread or process; and what is skipped is named.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import reportSkips from '../../tools/report-skips.ts';
import { testFiles } from '../../tools/test-files.ts';

test('a test of pure parts is a unit test; one that starts a server, thread or process is none', () => {
  const unit = testFiles('unit');
  for (const file of ['test/measure/statistics.test.ts', 'test/workers/trial/retry.test.ts'])
    assert.ok(unit.includes(file), file);
  for (const file of [
    // By an import of its own, of a helper, and of what it tests.
    'test/docs/contributing.test.ts',
    'test/fetch/bodies.test.ts',
    'test/transport/wire/wire-lane.test.ts',
    'test/crash/kill.test.ts',
  ])
    assert.ok(!unit.includes(file), file);
  const all = testFiles('all');
  assert.ok(unit.length >= 50 && unit.length < all.length);
  assert.ok(unit.every((file) => all.includes(file)));
});

test('each test that is skipped is named with its reason', async () => {
  const event = (type: 'test:pass' | 'test:fail', data: object) => ({ type, data }) as unknown as TestEvent;
  async function* events(): AsyncGenerator<TestEvent> {
    yield event('test:pass', { name: 'runs' });
    yield event('test:pass', {
      name: 'waits',
      skip: 'nginx is not installed',
      file: '/a/test/fetch/b.test.ts',
    });
    yield event('test:pass', { name: 'is silent', skip: true });
  }
  const text = (await Array.fromAsync(reportSkips(events()))).join('');
  assert.match(text, /not run here \(2\)/);
  assert.match(text, /waits: nginx is not installed \(test\/fetch\/b\.test\.ts\)/);
  assert.match(text, /is silent: no reason given/);
  assert.doesNotMatch(text, /runs/);
});
