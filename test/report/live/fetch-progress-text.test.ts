import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FetchSnapshot } from '../../../src/model/fetch-report.ts';
import { fetchLiveText, fetchPlainText } from '../../../src/report/live/fetch-progress-text.ts';
import { fitLine, wrapTo } from '../../../src/report/live/fit-line.ts';

const SNAPSHOT: FetchSnapshot = {
  before: { settled: 0, ok: 0, bytes: 0 },
  targets: 600,
  ok: 480,
  failed: 15,
  skipped: 5,
  elapsedMs: 10_000,
  countAhead: 1000,
  inFlight: 64,
  parked: 7,
  waitingRetry: 3,
  connections: 65,
  bytes: 20_000_000,
  failures: { 'http-status': 10, dns: 5 },
  slowestOrigin: { origin: 'http://h', meanMs: 1500 },
  slowestOrigins: [
    { origin: 'http://h', meanMs: 1500 },
    { origin: 'http://i', meanMs: 900 },
  ],
  answers: { '2xx': 480, '4xx': 10 },
  boundBy: '--per-origin',
  recentPerSec: 20,
  recentBytesPerSec: 4_000_000,
};

const WIDE = { columns: 200, rows: 40, hasColour: false };
const linesOf = (snapshot: FetchSnapshot, screen = WIDE) => fetchLiveText(snapshot, screen).split('\n');

test('the live view has a bar, what is left, rates now and so far, answers, the slowest origins and what binds', () => {
  const [bar = '', ...rest] = linesOf(SNAPSHOT);
  assert.equal(
    bar,
    '[############............] 50 % · 500 of 1,000 · ETA 25.0 s · 20/s now · 50/s so far · 4.0 MB/s now · 2.0 MB/s so far · failed 15',
  );
  assert.deepEqual(rest, [
    '  in flight 64 · connections 65 · waiting 7 · retries due 3 · bound by --per-origin',
    '  answers 2xx 480 · 4xx 10',
    '  slowest http://h 1.50 s · http://i 900 ms',
    '  failed: http-status 10 · dns 5',
  ]);
});

test('at 80 and at 40 columns the words that decide stay, and others go', () => {
  const waiting = {
    ...SNAPSHOT,
    waits: 'waits for http://a.test, which was asked 12 s ago and has said nothing: given up in 18 s',
  };
  for (const columns of [80, 40]) {
    const lines = linesOf(waiting, { ...WIDE, columns });
    for (const line of lines) assert.ok(line.length <= columns, `${columns}: ${line}`);
    const text = lines.join('\n');
    for (const words of ['50 %', 'ETA 25.0 s', 'bound by --per-origin', 'http-status 10'])
      assert.ok(text.includes(words), `${columns}: ${words} in\n${text}`);
    assert.ok(text.replaceAll(/\n {2}/gu, ' ').includes('given up in 18 s'), text);
  }
  assert.deepEqual(linesOf(SNAPSHOT, { ...WIDE, columns: 40 }).slice(0, 2), [
    '[#####.....] 50 % · ETA 25.0 s',
    '  in flight 64 · bound by --per-origin',
  ]);
});

test('no line of any view is wider than its terminal', () => {
  const text = fc.string({ maxLength: 60 });
  fc.assert(
    fc.property(
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 1, max: 60 }),
      text,
      fc.array(fc.record({ url: text, bytes: fc.nat(1e12), totalBytes: fc.option(fc.nat(1e12)) }), {
        maxLength: 9,
      }),
      (columns, rows, words, large) => {
        const bodies = {
          knownCount: 1,
          bytes: 5e6,
          leftBytes: 5e6,
          large: large.map((it) => ({ ...it, index: 0 })),
        };
        const snapshot = { ...SNAPSHOT, bodies, waits: words, boundBy: words };
        for (const line of linesOf(snapshot, { columns, rows, hasColour: false }))
          assert.ok(line.length <= columns, `${columns}: ${line}`);
      },
    ),
  );
});

test('parts of a line go by their rank, the last of a rank first', () => {
  const parts = ['aaaa', 'bbbb', 'cccc', 'dddd'].map((part, at) => ({
    text: part,
    rank: [0, 2, 1, 2][at] as number,
  }));
  assert.equal(fitLine(parts, 25), 'aaaa · bbbb · cccc · dddd');
  assert.equal(fitLine(parts, 24), 'aaaa · bbbb · cccc');
  assert.equal(fitLine(parts, 17), 'aaaa · cccc');
  assert.equal(fitLine(parts, 3), 'aa…');
  assert.deepEqual(wrapTo('one two three', 8, 2), ['one two', '  three']);
});

test('failures are red where there is colour', () => {
  const text = fetchLiveText(SNAPSHOT, { ...WIDE, hasColour: true });
  assert.ok(text.endsWith('\u001b[31m  failed: http-status 10 · dns 5\u001b[39m'));
});

const MB = 1e6;
const LARGE: FetchSnapshot = {
  ...SNAPSHOT,
  ok: 1,
  failed: 0,
  skipped: 0,
  failures: {},
  countAhead: 4,
  keptBytes: 100 * MB,
  bodies: {
    knownCount: 3,
    bytes: 200 * MB,
    leftBytes: 700 * MB,
    large: [
      { index: 1, url: 'http://h/dir/first.iso?key=1', bytes: 100 * MB, totalBytes: 400 * MB },
      { index: 2, url: 'http://h/second.iso', bytes: 60 * MB, totalBytes: 300 * MB },
      { index: 3, url: 'http://h/third.iso', bytes: 40 * MB, totalBytes: 200 * MB },
    ],
  },
  recentBytesPerSec: 70 * MB,
};

test('where bytes are what matters, bar, share and time are of bytes, and each large body has a line', () => {
  const lines = linesOf(LARGE, { ...WIDE, columns: 100 });
  assert.equal(
    lines[0],
    '[#######.................] 30 % · 300.0 MB of 1.0 GB · ETA 10.0 s · 1 of 4 · 70.0 MB/s now',
  );
  assert.deepEqual(lines.slice(2, 5), [
    '  [##........]  25 % 100.0 MB of 400.0 MB  first.iso',
    '  [##........]  20 % 60.0 MB of 300.0 MB  second.iso',
    '  [##........]  20 % 40.0 MB of 200.0 MB  third.iso',
  ]);
  const narrow = linesOf(LARGE, { ...WIDE, columns: 40 });
  assert.equal(narrow[2], '  25 % 100.0 MB of 400.0 MB  first.iso');
  assert.ok(!fetchLiveText(LARGE, { ...WIDE, rows: 9 }).includes('first.iso'), 'no room, no lines');
  assert.match(
    fetchPlainText(LARGE),
    /^\[#{7}\.{17}\] 30 % · 300\.0 MB of 1\.0 GB · ETA 10\.0 s · 1 of 4 · /u,
  );
});

test('what nobody has asked for yet counts with the mean of what is known, and is said to', () => {
  const [bar = ''] = linesOf({ ...LARGE, countAhead: 8 });
  assert.match(bar, / 15 % · 300\.0 MB of about 2\.0 GB · /u);
});

test('small bodies and a list without an end are counted', () => {
  const small = { ...LARGE, bodies: { knownCount: 3, bytes: 1000, leftBytes: 1000, large: [] } };
  assert.match(linesOf(small)[0] ?? '', / 25 % · 1 of 4 · /u);
  const [endless = ''] = linesOf({ ...LARGE, countAhead: null });
  assert.match(endless, /^1 of 600 or more · 10\.0 s · /u);
  assert.doesNotMatch(fetchPlainText({ ...SNAPSHOT, countAhead: null }), /ETA/u);
});

test('a rate below ten is shown with a decimal, and not as none', () => {
  const { recentPerSec: _, ...young } = { ...SNAPSHOT, ok: 3, failed: 0, skipped: 0 };
  assert.match(fetchPlainText(young), / 0\.3\/s /u);
});
