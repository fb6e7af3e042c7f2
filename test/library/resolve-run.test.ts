import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SpillwayError } from '../../src/model/errors.ts';
import { FETCH_OPTIONS } from '../../src/cli/fetch/fetch-options.ts';
import { toFetchOptions } from '../../src/cli/fetch/fetch-request.ts';
import { readOptions } from '../../src/cli/options.ts';
import { resolveRun } from '../../src/library/resolve-run.ts';

/** A command line without options, as the program reads it. */
function fromCommandLine() {
  const initials = Object.entries(FETCH_OPTIONS).flatMap(([name, row]) =>
    'initial' in row ? [[name, row.initial] as const] : [],
  );
  return toFetchOptions(readOptions(FETCH_OPTIONS, Object.fromEntries(initials)), ['http://127.0.0.1/']);
}

test('what is left out means the same to the library as to spillway fetch', () => {
  const typed = fromCommandLine();
  const { fetch } = resolveRun({ source: 'http://127.0.0.1/', to: 'out' });
  assert.deepEqual(fetch.limits, typed.limits);
  assert.deepEqual(fetch.budgets, typed.budgets);
  // The environment's proxies are the terminal's business.
  const { proxy: _, ...request } = typed.request;
  const { proxy, ...own } = fetch.request;
  assert.deepEqual(own, request);
  assert.deepEqual(proxy, { http: '', https: '', except: '' });
  for (const name of [
    'maxInFlight',
    'cores',
    'segmentBytes',
    'isStrict',
    'isDeduping',
    'maxRemembered',
  ] as const)
    assert.equal(fetch[name], typed[name], name);
});

test('bodies that are held in memory are fewer than outcomes that are not', () => {
  const source = 'http://127.0.0.1/';
  assert.equal(resolveRun({ source, to: 'memory' }).maxUnread, 1024);
  assert.equal(resolveRun({ source, to: 'discard', maxInFlight: 5000 }).maxUnread, 10_000);
});

test('a complaint shows no login and no value of a field', () => {
  const url = 'http://u:hush@127.0.0.1:99999/x';
  const wrong = [
    { source: { listApi: { url } } },
    { source: [], proxyUrl: new URL('http://u:hush@h/') },
    { source: [], to: new URL('http://u:hush@h/') },
    { source: [], order: 'u:hush@h' },
    { source: [], headers: { 'Authorization: hush': '' } },
    { source: [], headers: { Authorization: 'hush\n' } },
  ];
  for (const options of wrong) {
    assert.throws(
      () => resolveRun({ to: 'discard', ...options } as unknown as Parameters<typeof resolveRun>[0]),
      ({ code, message }: SpillwayError) => code === 'ERR_OPTION' && !message.includes('hush'),
    );
  }
});
