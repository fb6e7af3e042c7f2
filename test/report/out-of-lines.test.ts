// Whoever is stopped or slowed by a limit is told which command says more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepareRound, refuseIfNeeded } from '../../src/lab/trial-round.ts';
import { FAILURE_CODES, FAILURES } from '../../src/model/errors.ts';
import { type Finding, LIMIT_NAMES, type LimitName } from '../../src/model/finding.ts';
import { outOfLines } from '../../src/report/out-of-lines.ts';
import { findingLines } from '../../src/report/round-text.ts';
import { guardWrite } from '../../src/files/sink-error.ts';
import { readRound } from '../../src/library/start-bench.ts';
import { OptionChecks } from '../../src/library/option-checks.ts';

const DOCTOR = /spillway doctor/;
const base = { ...readRound(new OptionChecks('test', {}), 'test'), strategy: 'multicore' };

function findingOf(limit: LimitName, verdict: Finding['verdict']): Finding {
  return { limit, verdict, allowed: 1, needed: 2, message: 'no', fix: null, buys: '' };
}

test('a refusal by any limit names the doctor', () => {
  const prepared = prepareRound(base);
  for (const limit of Object.keys(LIMIT_NAMES) as LimitName[]) {
    const finding = findingOf(limit, 'refused');
    assert.throws(() => refuseIfNeeded({ ...prepared, findings: [finding] }), {
      code: 'ERR_LIMIT',
      message: DOCTOR,
    });
  }
});

test('a limit that a run is close to names the doctor', () => {
  const { plan } = prepareRound(base);
  for (const limit of Object.keys(LIMIT_NAMES) as LimitName[]) {
    const finding = findingOf(limit, 'tight');
    const [line] = findingLines({ ...plan, waveCount: 2 }, [finding]);
    assert.match(line ?? '', DOCTOR);
  }
});

test('a failure that is this machine’s names the doctor, in the table and in the account', () => {
  const ours = FAILURE_CODES.filter((code) => FAILURES[code].shrink);
  assert.equal(ours.length, 3);
  for (const code of ours) {
    assert.match(FAILURES[code].meaning, DOCTOR);
    assert.match(outOfLines({ [code]: 1 })[0] ?? '', DOCTOR);
  }
  assert.deepEqual(outOfLines({ dns: 3, 'http-status': 1 }), []);
});

test('a sink that has no file descriptor left names the doctor', () => {
  for (const code of ['EMFILE', 'ENFILE']) {
    const fail = () => {
      throw Object.assign(new Error(code), { code });
    };
    assert.throws(() => guardWrite('open', '/tmp/file', fail), { code: 'ERR_SINK', message: DOCTOR });
  }
});
