import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SkipReason } from '../../src/model/outcome.ts';
import type { VerifyReport } from '../../src/model/verify-report.ts';
import { verifyLines } from '../../src/report/verify-text.ts';

test('every reason for which a target was skipped is said in words', () => {
  const skipped: Record<SkipReason, number> = { duplicate: 1, drift: 2, robots: 3, stopped: 4 };
  const report: VerifyReport = {
    against: 'record',
    expected: 11,
    right: 1,
    bytes: 5,
    counts: {},
    problems: [],
    isComplete: true,
    certificate: {
      format: 'spillway-certificate-1',
      isComplete: true,
      isReadBack: true,
      targets: 11,
      ok: 1,
      failed: 0,
      skipped,
      bytes: 5,
      digest: 'sha256:00',
    },
  };
  assert.deepEqual(verifyLines(report, null).slice(1, 5), [
    'skipped, listed before: 1',
    'skipped, shown twice by the list: 2',
    'skipped, disallowed by robots.txt: 3',
    'skipped, not begun: 4',
  ]);
});
