import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTrialNumber } from '../../src/server/trial-number.ts';

test('a canonical decimal below the number of items names a trial', () => {
  for (const number of [0, 1, 9, 10, 41, 99, 9999])
    assert.equal(parseTrialNumber(String(number), 10_000), number);
  assert.equal(parseTrialNumber('67108863', 2 ** 26), 67_108_863);
});

test('every other text names none', () => {
  const texts = [
    '',
    '00',
    '007',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1 ',
    '0x1',
    '١',
    'NaN',
    '1_0',
    '10000',
  ];
  for (const text of [...texts, '99999999', '123456789', '9'.repeat(400)]) {
    assert.equal(parseTrialNumber(text, 10_000), -1, JSON.stringify(text));
  }
});
