import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRate } from '../../src/load/rate-stages.ts';
import { judgeThresholds, parseThresholds } from '../../src/load/thresholds.ts';
import type { LoadFigures, LoadTallyData } from '../../src/model/load/load-record.ts';

const figures = {
  errorRatio: 0.02,
  rightPerSec: 100,
  sentPerSec: 102,
  latencies: { response: { p99Ms: 250, p999Ms: null } },
} as unknown as LoadFigures;
const tally = { right: 98, wrong: 1, failed: 1, unanswered: 0, sent: 100, late: 3 } as LoadTallyData;

function verdicts(text: string, of = tally, from = figures): string[] {
  return judgeThresholds(parseThresholds(text, '--fail-if'), from, of).map(({ verdict }) => verdict);
}

test('a rule says when a load fails', () => {
  assert.deepEqual(verdicts('p99Ms > 300; p99Ms > 249; errorRatio >= 0.02; rightPerSec < 100'), [
    'passed',
    'failed',
    'failed',
    'passed',
  ]);
  assert.deepEqual(verdicts('errorCount > 1; lateRatio <= 0.03'), ['failed', 'failed']);
});

test('what was not measured fails every rule', () => {
  assert.deepEqual(verdicts('p999Ms > 1; p999Ms < 1'), ['failed', 'failed']);
  const none = { right: 0, wrong: 0, failed: 0, unanswered: 0, sent: 0, late: 0 } as LoadTallyData;
  assert.deepEqual(verdicts('errorRatio > 0.5; lateRatio > 0', none), ['failed', 'failed']);
});

test('a rule that is none says what was expected', () => {
  assert.throws(() => parseThresholds('p98Ms > 3', '--fail-if'), /a figure among p50Ms,.*found "p98Ms"/);
  assert.throws(() => parseThresholds('p99 = 3', '--fail-if'), /expected a rule such as.*found "p99 = 3"/);
});

const RATES: readonly (readonly [string, unknown])[] = [
  ['2000', { stages: [[2000, 2000, 0]], hasDuration: false }],
  ['0.5', { stages: [[0.5, 0.5, 0]], hasDuration: false }],
  ['2000/30s', { stages: [[2000, 2000, 30_000]], hasDuration: true }],
  [
    '0..500/2m, 500/10m,2000/500ms',
    {
      stages: [
        [0, 500, 120_000],
        [500, 500, 600_000],
        [2000, 2000, 500],
      ],
      hasDuration: true,
    },
  ],
  ['0', null],
  ['500/0s', null],
  ['500,600/1s', null],
  ['-5', null],
  ['1e3', null],
  ['', null],
  ['5/10', null],
];

for (const [text, wanted] of RATES) {
  test(`${JSON.stringify(text)} is ${wanted === null ? 'no rate' : 'a rate'}`, () => {
    const rate = parseRate(text);
    const found =
      rate === null
        ? null
        : {
            stages: rate.stages.map(({ fromPerSec, toPerSec, durationMs }) => [
              fromPerSec,
              toPerSec,
              durationMs,
            ]),
            hasDuration: rate.hasDuration,
          };
    assert.deepEqual(found, wanted);
  });
}
