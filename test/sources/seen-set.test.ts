import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeenSet } from '../../src/sources/seen-set.ts';

test('a URL is new once, however often the table has grown', () => {
  const seen = new SeenSet(1_000_000);
  for (let n = 0; n < 50_000; n++) assert.equal(seen.add(`http://h/${n}`), 'new');
  for (let n = 0; n < 50_000; n++) assert.equal(seen.add(`http://h/${n}`), 'seen');
  assert.equal(seen.count, 50_000);
});

test('past its bound it says full and never calls a new URL seen', () => {
  const seen = new SeenSet(100);
  for (let n = 0; n < 100; n++) seen.add(`http://h/${n}`);
  assert.equal(seen.add('http://h/new'), 'full');
  assert.equal(seen.add('http://h/7'), 'seen');
  assert.ok(seen.isFull);
});

test('a set that only serves a count tells the same URLs apart with cheap prints', () => {
  const seen = new SeenSet(1_000_000, false);
  for (let n = 0; n < 50_000; n++) assert.equal(seen.add(`http://host/${n}`), 'new');
  for (let n = 0; n < 50_000; n++) assert.equal(seen.add(`http://host/${n}`), 'seen');
  assert.equal(seen.count, 50_000);
});
