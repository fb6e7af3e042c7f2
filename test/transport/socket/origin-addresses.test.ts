import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OriginAddresses } from '../../../src/transport/socket/origin-addresses.ts';

async function resolved(addresses: OriginAddresses): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    addresses.resolve((error, found) => (error === null ? resolve(found) : reject(error)));
  });
}

test('a literal address is its own answer, at once', () => {
  for (const [host, expected] of [
    ['127.0.0.1', '127.0.0.1'],
    ['[::1]', '::1'],
  ] as const) {
    let found: readonly string[] = [];
    new OriginAddresses(host).resolve((_error, addresses) => {
      found = addresses;
    });
    assert.deepEqual(found, [expected]);
  }
});

test('a name is looked up once for all that ask, and then known at once', async () => {
  const addresses = new OriginAddresses('localhost');
  const all = await Promise.all(Array.from({ length: 50 }, () => resolved(addresses)));
  assert.ok(all[0]?.some((address) => address === '127.0.0.1' || address === '::1'));
  for (const found of all) assert.equal(found, all[0]);
  let isAtOnce = false;
  addresses.resolve(() => {
    isAtOnce = true;
  });
  assert.ok(isAtOnce);
});

test('a name that does not exist is an error, and asked for again the next time', async () => {
  const addresses = new OriginAddresses('no-such-host.invalid');
  for (let count = 0; count < 2; count++)
    await assert.rejects(resolved(addresses), (error: NodeJS.ErrnoException) =>
      ['ENOTFOUND', 'EAI_AGAIN'].includes(error.code ?? ''),
    );
});

test('lookup answers as dns.lookup does, in both of its forms', () => {
  const addresses = new OriginAddresses('127.0.0.1');
  const seen: unknown[] = [];
  addresses.lookup('127.0.0.1', { all: true }, (...all) => seen.push(all));
  addresses.lookup('127.0.0.1', {}, (...all) => seen.push(all));
  assert.deepEqual(seen, [
    [null, [{ address: '127.0.0.1', family: 4 }]],
    [null, '127.0.0.1', 4],
  ]);
});

test('an address that is not among the known ones is not preferred', async () => {
  const addresses = new OriginAddresses('localhost');
  const before = await resolved(addresses);
  addresses.prefer('192.0.2.1');
  assert.deepEqual(await resolved(addresses), before);
});
