import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { FileIds, makeFileKey } from '../../src/server/file-ids.ts';

test('every id is 32 hex digits, unlike the others, and found again', () => {
  const ids = new FileIds(makeFileKey(), 10_000);
  const all = [...ids.range(0, 7000), ...ids.range(7000, 3000)];
  assert.equal(new Set(all).size, 10_000);
  for (const [number, id] of all.entries()) {
    assert.match(id, /^[0-9a-f]{32}$/);
    assert.equal(ids.find(id), number);
  }
});

test('a seed repeats the ids, and without one they differ from run to run', () => {
  const first = new FileIds(makeFileKey('a seed'), 5).range(0, 5);
  assert.deepEqual(new FileIds(makeFileKey('a seed'), 5).range(0, 5), first);
  assert.notDeepEqual(new FileIds(makeFileKey('another'), 5).range(0, 5), first);
  assert.notDeepEqual(new FileIds(makeFileKey(), 5).range(0, 5), new FileIds(makeFileKey(), 5).range(0, 5));
});

test('what is no id of this run is not found', () => {
  const key = makeFileKey('k');
  const ids = new FileIds(key, 25);
  const [beyond = ''] = new FileIds(key, 26).range(25, 1);
  const [real = ''] = ids.range(3, 1);
  const strangers = [
    '',
    'x',
    beyond,
    real.toUpperCase(),
    `${real}0`,
    real.slice(1),
    `${real}\n`,
    '0'.repeat(32),
  ];
  for (const id of strangers) assert.equal(ids.find(id), -1, id);
  for (let round = 0; round < 1000; round += 1) assert.equal(ids.find(randomBytes(16).toString('hex')), -1);
  for (let bit = 0; bit < 128; bit += 1) {
    const forged = Buffer.from(real, 'hex');
    forged[bit >> 3] = (forged[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.equal(ids.find(forged.toString('hex')), -1);
  }
  assert.equal(ids.find(real), 3);
});

test('neighbouring files have ids that share no more than chance allows', () => {
  const hex = new FileIds(makeFileKey(), 2000).range(0, 2000);
  let differing = 0;
  for (let index = 1; index < hex.length; index += 1) {
    const left = BigInt(`0x${hex[index - 1]}`);
    const right = BigInt(`0x${hex[index]}`);
    differing += (left ^ right).toString(2).replaceAll('0', '').length;
  }
  const meanBits = differing / (hex.length - 1);
  assert.ok(meanBits > 62 && meanBits < 66, `${meanBits} of 128 bits differ`);
});
