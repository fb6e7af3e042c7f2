import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchReport, FetchSnapshot } from '../../src/model/fetch-report.ts';
import type { FailedOutcome } from '../../src/model/outcome.ts';
import { fetchAccountLines, fetchLiveText, fetchPlainText } from '../../src/report/fetch-text.ts';

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
  boundBy: '--per-origin',
};

test('the live view has a bar, what is left, rates, failures by class, the slowest origin and what binds', () => {
  const [bar = '', ...rest] = fetchLiveText(SNAPSHOT, 200).split('\n');
  assert.match(bar, /^\[#{12}\.{12}\] 50 % · 500 of 1,000 · ETA 10\.0 s · 50\/s · 2\.0 MB\/s · failed 15$/u);
  assert.match(
    rest.join('\n'),
    /in flight 64 on 65 connections · waiting 7 · retries due 3 · bound by --per-origin/u,
  );
  assert.match(rest.join('\n'), /slowest origin http:\/\/h 1\.50 s/u);
  assert.match(rest.join('\n'), /failed: http-status 10 · dns 5/u);
});

test('a rate below ten is shown with a decimal, and not as none', () => {
  assert.match(fetchPlainText({ ...SNAPSHOT, ok: 3, failed: 0, skipped: 0 }), / 0\.3\/s /u);
});

test('no line is wider than the terminal', () => {
  for (const line of fetchLiveText(SNAPSHOT, 40).split('\n')) assert.ok(line.length <= 40, line);
});

test('without a known end the line says so and promises no time', () => {
  const text = fetchPlainText({ ...SNAPSHOT, countAhead: null });
  assert.match(text, /^500 of 600 or more · 10\.0 s/u);
  assert.doesNotMatch(text, /ETA/u);
});

const REPORT: FetchReport = {
  ended: 'done',
  problem: null,
  problemCode: null,
  before: { settled: 0, ok: 0, bytes: 0 },
  settledNow: 3,
  targets: 3,
  ok: 1,
  failed: 1,
  skipped: 1,
  wallMs: 2000,
  bytes: 2048,
  storedBytes: 2048,
  renamed: 1,
  attemptsSent: 4,
  retries: 2,
  retriesDenied: 1,
  connectionsOpened: 1,
  inFlightPeak: 1,
  peakRssBytes: 1,
  cpuUs: { user: 1, system: 1 },
  failures: { 'bad-redirect': 1 },
  skips: { duplicate: 1 },
  firstFailures: [
    {
      kind: 'failed',
      index: 1,
      line: 7,
      url: 'http://h/\u001b[31m',
      code: 'bad-redirect',
      detail: 'found "\u202e"',
      status: 302,
      attempts: 3,
      durationMs: 5,
    },
  ],
  duplicates: 1,
  durationMs: { p50: 1, p90: 2, p99: 3, max: 4 },
  findings: ['something was noticed'],
  workerDeaths: [],
};

test('the account adds up, names the first failures and where all are, and shows no control character', () => {
  const text = fetchAccountLines(REPORT, { bodies: 'out', failures: 'out/failures', run: 'out' }).join('\n');
  assert.match(text, /^3 targets = 1 ok \+ 1 failed \+ 1 skipped, in 2\.00 s/u);
  assert.match(
    text,
    /failed, bad-redirect: 1\n {2}http:\/\/h\/\\u\{1b\}\[31m \(line 7\): found "\\u\{202e\}"\nall failures: out\/failures/u,
  );
  for (const part of [
    'skipped, duplicate: 1',
    '--retry-budget',
    'something was noticed',
    '1 names were taken',
  ])
    assert.ok(text.includes(part), part);
});

test('an account splits failures by status, and says which option trusts a private authority', () => {
  const failure = {
    kind: 'failed',
    index: 0,
    line: 1,
    url: 'https://h/',
    status: 0,
    attempts: 1,
    durationMs: 1,
  } as const;
  const linesOf = (code: FailedOutcome['code'], detail: string, statuses: Record<string, number>) =>
    fetchAccountLines(
      {
        ...REPORT,
        failed: 12,
        failures: { [code]: 12 },
        statuses,
        firstFailures: [{ ...failure, code, detail }],
      },
      { bodies: 'out', failures: '', run: null },
    ).join('\n');
  assert.match(
    linesOf('http-status', 'x', { 404: 2, 503: 10 }),
    /^failed, http-status: 12 \(503: 10, 404: 2\)$/mu,
  );
  const earlier = linesOf('http-status', 'x', { 404: 2 });
  assert.match(earlier, /^failed, http-status: 12 \(404: 2, others and earlier ones: 10\)$/mu);
  assert.match(
    linesOf('tls', 'self-signed certificate in certificate chain', {}),
    /trusted with --ca FILE$/mu,
  );
  assert.doesNotMatch(linesOf('tls', 'certificate has expired', {}), /--ca/u);
});
