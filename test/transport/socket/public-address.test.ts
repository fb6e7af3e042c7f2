import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicAddresses } from '../../../src/transport/socket/public-address.ts';

const SPECIAL = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '100.127.255.254',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '192.0.2.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd12:3456::1',
  'ff02::1',
  '2001:db8::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  '64:ff9b::10.1.2.3',
  '2002:7f00:1::',
  '[::1]',
  'localhost',
  '',
];
const PUBLIC = [
  '1.1.1.1',
  '8.8.8.8',
  '100.63.255.255',
  '100.128.0.1',
  '172.15.0.1',
  '172.32.0.1',
  '169.253.0.1',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
  '2002:808:808::1',
  '[2606:4700::1111]',
];

for (const address of SPECIAL)
  test(`"${address}" is not public`, () => {
    assert.equal(new PublicAddresses().isPublic(address), false);
  });

for (const address of PUBLIC)
  test(`"${address}" is public`, () => {
    assert.equal(new PublicAddresses().isPublic(address), true);
  });

test('a range can be declared public, and nothing beside it', () => {
  const addresses = new PublicAddresses(['127.0.0.2/32', 'fd00::/8']);
  assert.equal(addresses.isPublic('127.0.0.2'), true);
  assert.equal(addresses.isPublic('127.0.0.3'), false);
  assert.equal(addresses.isPublic('fd00::7'), true);
});
