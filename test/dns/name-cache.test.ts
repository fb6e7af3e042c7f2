import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NameCache } from '../../src/dns/name-cache.ts';
import { makeNames } from '../../src/model/name-options.ts';

test('whatever addresses are stored, any thread reads them in the one spelling of a URL', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 8 }), (addresses) => {
      const memory = makeNames(4);
      new NameCache(memory).claim('host')?.store({ kind: 'found', addresses }, 60);
      const shown = addresses.map((address) =>
        address.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address,
      );
      assert.deepEqual(new NameCache(memory).find('host'), { kind: 'found', addresses: shown });
    }),
  );
});

test('an answer holds for its time to live, and a negative one for what its zone allows', () => {
  let now = 1000;
  const cache = new NameCache(makeNames(4), () => now);
  cache.claim('host')?.store({ kind: 'found', addresses: ['127.0.0.1'] }, 30);
  cache.claim('gone')?.store({ kind: 'unknown' }, 60);
  cache.shorten('gone', 20);
  now += 19;
  assert.deepEqual([cache.find('host')?.kind, cache.find('gone')?.kind], ['found', 'unknown']);
  now += 2;
  assert.deepEqual([cache.find('host')?.kind, cache.find('gone')], ['found', null]);
  now += 10;
  assert.equal(cache.find('host'), null);
});

test('names make room singly, the one used longest ago first', () => {
  const cache = new NameCache(makeNames(100));
  for (let index = 0; index < 150; index++) {
    cache.claim(`host-${index}`)?.store({ kind: 'found', addresses: ['127.0.0.1'] }, 60);
    assert.equal(cache.find('host-0')?.kind, 'found');
  }
  assert.equal(cache.evictedCount, 50);
  assert.equal(cache.find('host-1'), null);
});

test('a name is one thread’s to ask for, until that thread is taken for dead', () => {
  let now = 1000;
  const memory = makeNames(4);
  const [one, other] = [new NameCache(memory, () => now), new NameCache(memory, () => now)];
  assert.ok(one.claim('host') !== null);
  assert.equal(other.claim('host'), null);
  now += 31;
  assert.ok(other.claim('host') !== null);
});
