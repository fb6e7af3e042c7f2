import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BENCH_OPTIONS } from '../../src/cli/bench/bench-options.ts';
import type { SpillwayError } from '../../src/model/errors.ts';
import { FETCH_OPTIONS } from '../../src/cli/fetch/fetch-options.ts';
import { toFetchOptions } from '../../src/cli/fetch/fetch-request.ts';
import { readOptions } from '../../src/cli/options.ts';
import { resolveRun } from '../../src/library/resolve-run.ts';
import { ROOT } from '../helpers/program.ts';

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

test('options are named as those of other JavaScript libraries, without is, honours or allows', () => {
  const text = readFileSync(join(ROOT, 'src/library/run-options.ts'), 'utf8');
  const names = Array.from(text.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, name]) => name as string);
  assert.ok(names.includes('dedupe'), names.join(', '));
  assert.deepEqual(
    names.filter((name) => /^(?:is|has|can|honours|allows)[A-Z]/.test(name)),
    [],
  );
});

test('every command counts attempts after the first, by --retries', () => {
  for (const options of [FETCH_OPTIONS, BENCH_OPTIONS]) {
    assert.equal(options.retries.meaning, 'attempts after the first');
    assert.ok(!('attempts' in options));
  }
});
