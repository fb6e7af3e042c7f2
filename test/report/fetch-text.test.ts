import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { FailedOutcome } from '../../src/model/outcome.ts';
import { fetchAccountLines } from '../../src/report/fetch-text.ts';

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
