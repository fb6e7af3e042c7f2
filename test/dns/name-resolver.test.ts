import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type NameAnswer, type NameServer, openNameServer, type RecordType } from '../helpers/name-server.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import {
  DEFAULT_NAME_OPTIONS,
  makeNames,
  type NameError,
  type NameOptions,
} from '../../src/model/name-options.ts';
import { NameResolver } from '../../src/dns/name-resolver.ts';

interface World {
  readonly server: NameServer;
  readonly resolver: NameResolver;
  readonly kinds: string[];
  readonly find: (name: string) => Promise<readonly string[]>;
}

async function open(
  t: TestContext,
  answer: (name: string, type: RecordType, isTcp: boolean) => NameAnswer,
  changes: Partial<NameOptions> & { readonly memory?: SharedArrayBuffer; readonly maxOpen?: number } = {},
): Promise<World> {
  const server = await openNameServer(answer);
  t.after(() => server[Symbol.asyncDispose]());
  return { server, ...openResolver(t, { servers: [server.address], ...changes }) };
}

function openResolver(
  t: TestContext,
  {
    memory,
    maxOpen,
    ...changes
  }: Partial<NameOptions> & { readonly memory?: SharedArrayBuffer; readonly maxOpen?: number },
) {
  const kinds: string[] = [];
  const resolver = new NameResolver({
    options: { ...DEFAULT_NAME_OPTIONS, ...changes },
    ...(memory === undefined ? {} : { memory }),
    ...(maxOpen === undefined ? {} : { maxOpen }),
    onName: (kind) => kinds.push(kind),
  });
  t.after(() => resolver.close());
  const find = (name: string) =>
    new Promise<readonly string[]>((resolve, reject) => {
      resolver.resolve(name, (error, addresses) => (error === null ? resolve(addresses) : reject(error)));
    });
  return { resolver, kinds, find };
}

const only =
  (ipv4: string) =>
  (_name: string, type: RecordType): NameAnswer =>
    type === 'A' ? { addresses: [ipv4] } : {};

test('a name is asked for once, whoever wants it, however often, and of whichever thread', async (t) => {
  const memory = makeNames(100);
  const { server, find, resolver, kinds } = await open(t, only('127.0.0.2'), { memory });
  const other = openResolver(t, { servers: [server.address], memory });
  const found = await Promise.all([
    ...Array.from({ length: 50 }, () => find('host.example')),
    ...Array.from({ length: 50 }, () => other.find('host.example')),
  ]);
  for (const addresses of found) assert.deepEqual(addresses, ['127.0.0.2']);
  assert.deepEqual(await find('host.example'), ['127.0.0.2']);
  assert.deepEqual(resolver.known('host.example'), ['127.0.0.2']);
  assert.deepEqual([server.count('A host.example'), server.count('AAAA host.example')], [1, 1]);
  assert.deepEqual([...kinds, ...other.kinds].toSorted(), ['found', 'hit', 'hit']);
});

test('a name that does not exist is final and told by its own code; the others are not held up', async (t) => {
  const { server, find } = await open(t, (name, type) =>
    name.startsWith('gone') ? { rcode: 'NXDOMAIN', soaSec: 600 } : only('127.0.0.3')(name, type),
  );
  await assert.rejects(find('gone.example'), { code: 'ERR_NAME_UNKNOWN' });
  await assert.rejects(find('gone.example'), { code: 'ERR_NAME_UNKNOWN' });
  assert.deepEqual(await find('here.example'), ['127.0.0.3']);
  assert.ok(server.count('A gone.example') <= 1);
});

test('a server that fails, loses or cuts short is asked again, and by TCP, until it says something', async (t) => {
  let count = 0;
  const { server, find } = await open(t, (name, type, isTcp) => {
    if (name.startsWith('long')) return { isTruncated: true, addresses: type === 'A' ? ['127.0.0.4'] : [] };
    // Of each name the first of each type is lost, or failed at.
    const isFirst = server.count(`${type} ${name}`) === 1 && !isTcp;
    if (isFirst && name.startsWith('lost')) return { isLost: true };
    if (isFirst && name.startsWith('failed')) return { rcode: 'SERVFAIL' };
    count++;
    return only('127.0.0.5')(name, type);
  });
  assert.deepEqual(await Promise.all(['lost.example', 'failed.example', 'long.example'].map(find)), [
    ['127.0.0.5'],
    ['127.0.0.5'],
    ['127.0.0.4'],
  ]);
  assert.ok(server.tcpQueries.includes('A long.example'));
  assert.ok(count > 0);
});

test('a server that only ever fails is believed, and its word is kept for a moment', async (t) => {
  const { server, find, kinds } = await open(t, () => ({ rcode: 'SERVFAIL' }));
  await assert.rejects(find('host.example'), (error: NameError) => {
    assert.equal(error.code, 'ERR_NAME_FAILED');
    assert.match(error.message, /ESERVFAIL/u);
    return true;
  });
  const asked = server.queries.length;
  await assert.rejects(find('host.example'), { code: 'ERR_NAME_FAILED' });
  assert.equal(server.queries.length, asked);
  assert.deepEqual(kinds, ['failed', 'hit']);
});

test('a server that says nothing is left for one that does', async (t) => {
  const silent = await openNameServer(() => ({ isLost: true }));
  t.after(() => silent[Symbol.asyncDispose]());
  const server = await openNameServer(only('127.0.0.6'));
  t.after(() => server[Symbol.asyncDispose]());
  const { find } = openResolver(t, { servers: [silent.address, server.address] });
  for (let index = 0; index < 20; index++)
    assert.deepEqual(await find(`host-${index}.example`), ['127.0.0.6']);
  // c-ares looks now and then whether it has come back.
  assert.ok(silent.queries.length <= 20, `${silent.queries.length} of 40`);
});

test('a name that nobody answers for has no answer after --dns-timeout', async (t) => {
  const { find } = await open(t, () => ({ isLost: true }), { timeoutMs: 300 });
  await assert.rejects(find('host.example'), { code: 'ERR_NAME_FAILED', message: /--dns-timeout/u });
});

test('hundreds of names are asked for at once, and no more than that', async (t) => {
  const { server, find } = await open(
    t,
    (name, type) => ({ ...only('127.0.0.7')(name, type), delayMs: 30 }),
    { memory: makeNames(2000), maxOpen: 300 },
  );
  await Promise.all(Array.from({ length: 900 }, (_, index) => find(`host-${index}.example`)));
  assert.ok(server.openPeak > 250 && server.openPeak <= 600, `${server.openPeak}`);
});

test('the search list and ndots of resolv.conf are honoured, and a final dot ends both', async (t) => {
  const scratch = scratchDirectory(t);
  const file = join(scratch, 'resolv.conf');
  const server = await openNameServer((name, type) =>
    name === 'db.corp.example' || name === 'a.b' ? only('127.0.0.8')(name, type) : { rcode: 'NXDOMAIN' },
  );
  t.after(() => server[Symbol.asyncDispose]());
  writeFileSync(file, 'nameserver 127.0.0.1\nsearch lab.example corp.example\noptions ndots:2\n');
  const { find } = openResolver(t, { servers: [server.address], resolvConfFile: file, family: 4 });
  assert.deepEqual(await find('db'), ['127.0.0.8']);
  assert.deepEqual(server.queries, ['A db.lab.example', 'A db.corp.example']);
  assert.deepEqual(await find('a.b'), ['127.0.0.8']);
  assert.deepEqual(server.queries.slice(2), ['A a.b.lab.example', 'A a.b.corp.example', 'A a.b']);
  await assert.rejects(find('db.'), { code: 'ERR_NAME_UNKNOWN' });
  assert.deepEqual(server.queries.filter((query) => query.startsWith('A ')).slice(5), ['A db']);
});

test('the hosts file, and names that are this machine’s own, are not asked for', async (t) => {
  const file = join(scratchDirectory(t), 'hosts');
  writeFileSync(file, '# ours\n127.0.0.9  Box box.example # and more\n::1 box.example\nnonsense box\n');
  const { server, find } = await open(t, () => ({ rcode: 'NXDOMAIN' }), { hostsFile: file });
  assert.deepEqual(await find('box'), ['127.0.0.9']);
  assert.deepEqual(await find('box.example'), ['127.0.0.9', '::1']);
  assert.deepEqual(await find('app.localhost'), ['127.0.0.1', '::1']);
  await assert.rejects(find('no-such-host.invalid'), { code: 'ERR_NAME_UNKNOWN' });
  assert.deepEqual(server.queries, []);
  const ipv6 = openResolver(t, { servers: [server.address], hostsFile: file, family: 6 });
  assert.deepEqual(await ipv6.find('box.example'), ['::1']);
});

test('both families are asked for together and take turns; one alone where one is wanted', async (t) => {
  const both = (_name: string, type: RecordType): NameAnswer => ({
    addresses: type === 'A' ? ['127.0.0.1', '127.0.0.2'] : ['::1'],
  });
  const { server, find } = await open(t, both);
  assert.deepEqual(await find('two.example'), ['::1', '127.0.0.1', '127.0.0.2']);
  const ipv4 = openResolver(t, { servers: [server.address], family: 4 });
  assert.deepEqual(await ipv4.find('two.example'), ['127.0.0.1', '127.0.0.2']);
  const ipv6 = openResolver(t, { servers: [server.address], family: 6 });
  assert.deepEqual(await ipv6.find('two.example'), ['::1']);
  assert.deepEqual(server.queries.toSorted(), [
    'A two.example',
    'A two.example',
    'AAAA two.example',
    'AAAA two.example',
  ]);
});

test('an answer for one family does not wait for a server that never answers for the other', async (t) => {
  const { find } = await open(t, (name, type) =>
    type === 'AAAA' ? { isLost: true } : only('127.0.0.1')(name, type),
  );
  assert.deepEqual(await find('half.example'), ['127.0.0.1']);
});

test('names that will be wanted are asked for behind those that are', async (t) => {
  const { server, find, resolver } = await open(
    t,
    (name, type) => ({ ...only('127.0.0.1')(name, type), delayMs: 5 }),
    { family: 4, maxOpen: 1 },
  );
  for (let index = 0; index < 20; index++) resolver.warm(`ahead-${index}.example`);
  await find('now.example');
  assert.ok(server.queries.indexOf('A now.example') <= 1, server.queries.join(' '));
});

test('the address that took a connection is known to every thread and goes first', async (t) => {
  const memory = makeNames(10);
  const { server, find, resolver } = await open(
    t,
    (_name, type) => ({ addresses: type === 'A' ? ['127.0.0.1'] : ['::1'] }),
    { memory },
  );
  assert.deepEqual(await find('two.example'), ['::1', '127.0.0.1']);
  resolver.prefer('two.example', '127.0.0.1');
  resolver.prefer('two.example', '192.0.2.1');
  const other = openResolver(t, { servers: [server.address], memory });
  assert.deepEqual(other.resolver.known('two.example'), ['127.0.0.1', '::1']);
});
