import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NameClaims } from '../../../src/sinks/names/name-claims.ts';

const nameOf = (index: number): string =>
  [`${index}`, `file-${index}.html`, `Été ${index}.txt`][index % 3] as string;

test('of many names that are alike, each is free once and taken ever after, whatever its case or form', () => {
  const claims = new NameClaims(new SharedArrayBuffer(8 * 2 ** 19));
  const count = 200_000;
  for (let index = 0; index < count; index++)
    assert.equal(claims.claim(nameOf(index), Math.floor(index / 10_000)), 'free', nameOf(index));
  for (let index = 0; index < count; index++) {
    const name = index % 2 === 0 ? nameOf(index).toUpperCase() : nameOf(index).normalize('NFD');
    assert.equal(claims.claim(name, Math.floor(index / 10_000)), 'taken', name);
  }
});

test('a directory with no room to remember names says so, and remembers those it has', () => {
  const claims = new NameClaims(new SharedArrayBuffer(8 * 64));
  const verdicts = Array.from({ length: 100 }, (_, index) => claims.claim(nameOf(index), 0));
  const freeCount = verdicts.filter((verdict) => verdict === 'free').length;
  assert.ok(freeCount >= 40 && freeCount <= 63, `${freeCount}`);
  assert.deepEqual(new Set(verdicts.slice(freeCount)), new Set(['full']));
  assert.equal(claims.claim(nameOf(0), 0), 'taken');
});
