import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LookupAddress } from 'node:dns';
import { HostNames, type ResolveName } from '../../../src/transport/socket/host-names.ts';
import { PublicAddresses } from '../../../src/transport/socket/public-address.ts';

type Answer = NodeJS.ErrnoException | readonly LookupAddress[];

function makeResolver(answers: Readonly<Record<string, Answer>>) {
  const asked: string[] = [];
  const resolve: ResolveName = (hostname, _options, callback) => {
    asked.push(hostname);
    const answer = answers[hostname] ?? Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    setImmediate(() => {
      if (answer instanceof Error) callback(answer, []);
      else callback(null, [...answer]);
    });
  };
  return { asked, resolve };
}

const find = (lookup: HostNames['lookup'], hostname: string) =>
  new Promise<string>((resolve, reject) => {
    lookup(hostname, { all: true }, (error, found) => {
      if (error === null) resolve((found as LookupAddress[]).map(({ address }) => address).join(' '));
      else reject(error);
    });
  });

test('a name is asked for once, however many connections want it at once or later', async () => {
  const { asked, resolve } = makeResolver({ host: [{ address: '127.0.0.1', family: 4 }] });
  const names = new HostNames({}, resolve);
  const found = await Promise.all(Array.from({ length: 50 }, () => find(names.lookup, 'host')));
  found.push(await find(names.lookup, 'host'));
  assert.deepEqual([...new Set(found)], ['127.0.0.1']);
  assert.deepEqual(asked, ['host']);
});

test('a failure is not kept', async () => {
  const { asked, resolve } = makeResolver({});
  const names = new HostNames({}, resolve);
  await assert.rejects(find(names.lookup, 'nowhere'), { code: 'ENOTFOUND' });
  await assert.rejects(find(names.lookup, 'nowhere'), { code: 'ENOTFOUND' });
  assert.deepEqual(asked, ['nowhere', 'nowhere']);
});

test('a guarded lookup gives public addresses alone, judged in the very answer that is connected to', async () => {
  const { resolve } = makeResolver({
    mixed: [
      { address: '10.0.0.1', family: 4 },
      { address: '8.8.8.8', family: 4 },
    ],
    inside: [{ address: '::ffff:10.0.0.1', family: 6 }],
  });
  const names = new HostNames({}, resolve);
  const guarded = names.guardedLookup(new PublicAddresses());
  assert.equal(await find(guarded, 'mixed'), '8.8.8.8');
  assert.equal(await find(names.lookup, 'mixed'), '10.0.0.1 8.8.8.8');
  await assert.rejects(find(guarded, 'inside'), { code: 'ERR_PRIVATE_ADDRESS' });
});

test('names with given addresses are not asked for', async () => {
  const { asked, resolve } = makeResolver({});
  const names = new HostNames({ 'here.test': ['127.0.0.7'] }, resolve);
  assert.equal(await find(names.lookup, 'here.test'), '127.0.0.7');
  assert.deepEqual([asked, names.known('here.test')], [[], ['127.0.0.7']]);
});
