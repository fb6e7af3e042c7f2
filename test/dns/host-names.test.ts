import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LookupAddress } from 'node:dns';
import { NameError } from '../../src/model/name-options.ts';
import { HostNames, type NameSource } from '../../src/dns/host-names.ts';
import { PublicAddresses } from '../../src/transport/socket/public-address.ts';

function makeSource(answers: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const preferred: string[] = [];
  const source: NameSource = {
    known: () => null,
    resolve: (name, callback) => {
      asked.push(name);
      const addresses = answers[name];
      const error = addresses === undefined ? new NameError('ERR_NAME_UNKNOWN', 'not known') : null;
      setImmediate(callback, error, addresses ?? []);
    },
    warm: (name) => asked.push(`warm ${name}`),
    prefer: (name, address) => preferred.push(`${name} ${address}`),
  };
  return { asked, preferred, source };
}

const find = (lookup: HostNames['lookup'], hostname: string, port?: number) =>
  new Promise<string>((resolve, reject) => {
    const options = port === undefined ? { all: true } : { all: true, port };
    lookup(hostname, options, (error, found) => {
      if (error === null) resolve((found as LookupAddress[]).map(({ address }) => address).join(' '));
      else reject(error);
    });
  });

test('a failure is told and not kept', async () => {
  const { asked, source } = makeSource({});
  const names = new HostNames({}, source);
  await assert.rejects(find(names.lookup, 'nowhere'), { code: 'ERR_NAME_UNKNOWN' });
  await assert.rejects(find(names.lookup, 'nowhere'), { code: 'ERR_NAME_UNKNOWN' });
  assert.deepEqual(asked, ['nowhere', 'nowhere']);
});

test('a guarded lookup gives public addresses alone, judged in the very answer that is connected to', async () => {
  const { source } = makeSource({ mixed: ['10.0.0.1', '8.8.8.8'], inside: ['::ffff:10.0.0.1'] });
  const names = new HostNames({}, source);
  const guarded = names.guardedLookup(new PublicAddresses());
  assert.equal(await find(guarded, 'mixed'), '8.8.8.8');
  assert.equal(await find(names.lookup, 'mixed'), '10.0.0.1 8.8.8.8');
  await assert.rejects(find(guarded, 'inside'), { code: 'ERR_PRIVATE_ADDRESS' });
  await assert.rejects(find(guarded, 'nowhere'), { code: 'ERR_NAME_UNKNOWN' });
});

test('names with given addresses are not asked for, for every port or for one', async () => {
  const { asked, source } = makeSource({ 'there.test': ['127.0.0.1'] });
  const names = new HostNames({ 'here.test': ['127.0.0.7'], 'There.test:8080': ['127.0.0.8'] }, source);
  assert.equal(await find(names.lookup, 'here.test'), '127.0.0.7');
  assert.equal(await find(names.lookup, 'there.test', 8080), '127.0.0.8');
  assert.equal(await find(names.lookup, 'there.test', 80), '127.0.0.1');
  names.warm('there.test', 8080);
  assert.deepEqual([asked, names.known('here.test')], [['there.test'], ['127.0.0.7']]);
});

test('what took a connection is told to the resolver once', async () => {
  const { source, preferred } = makeSource({ two: ['::1', '127.0.0.1'] });
  const names = new HostNames({}, source);
  await find(names.lookup, 'two');
  names.prefer('two', '::1');
  names.prefer('two', '127.0.0.1');
  assert.deepEqual(preferred, ['two 127.0.0.1']);
});
