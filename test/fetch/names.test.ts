// Names as a command line asks for them: whole runs against a name server of the test's own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { openNameServer } from '../helpers/name-server.ts';
import { runProgram } from '../helpers/program.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

/** A server that answers to any name on every loopback address; resolves to its port. */
async function serveAll(t: TestContext, host = '0.0.0.0'): Promise<{ port: number; hosts: string[] }> {
  const hosts: string[] = [];
  const server = createServer((request, response) => {
    hosts.push(`${request.headers.host} at ${request.socket.localAddress}`);
    response.end('here');
  });
  t.after(() => server.closeAllConnections());
  server.listen(0, host);
  await once(server, 'listening');
  t.after(() => server.close());
  return { port: (server.address() as AddressInfo).port, hosts };
}

async function fetchList(
  t: TestContext,
  urls: readonly string[],
  ...more: readonly string[]
): Promise<{ report: FetchReport; code: number | null }> {
  const list = join(scratchDirectory(t), 'urls.txt');
  writeFileSync(list, urls.join('\n'));
  const given = ['fetch', list, '--to', 'discard', '--new', '--json', '--cores', '2', ...more];
  const { code, stdout, stderr } = await runProgram(...given).ended;
  assert.ok(stdout !== '', stderr);
  return { report: JSON.parse(stdout) as FetchReport, code };
}

test('a thousand names, of which some are lost on the way and some do not exist, are each found once', async (t) => {
  const { port } = await serveAll(t);
  let asked = 0;
  const server = await openNameServer((name, type) => {
    if (name.startsWith('gone')) return { rcode: 'NXDOMAIN' };
    return asked++ % 50 === 0 ? { isLost: true } : { addresses: type === 'A' ? ['127.0.0.1'] : [] };
  });
  t.after(() => server[Symbol.asyncDispose]());
  const urls = Array.from({ length: 1000 }, (_, index) =>
    index % 100 === 0 ? `http://gone-${index}.example:${port}/` : `http://host-${index}.example:${port}/`,
  );
  const { report, code } = await fetchList(t, urls, '--dns-servers', server.address);
  assert.deepEqual([report.ok, report.failures, report.retries, code], [990, { 'name-unknown': 10 }, 0, 1]);
  const { names } = report;
  assert.ok(names !== undefined && names.p50Ms !== null && names.p99Ms !== null);
  assert.deepEqual([names.lookups, names.unknown, names.failed, names.timedOut], [1000, 10, 0, 0]);
});

test('--resolve is for one port of one host, with any transport; nothing is asked', async (t) => {
  const { port, hosts } = await serveAll(t);
  const server = await openNameServer(() => ({ rcode: 'NXDOMAIN' }));
  t.after(() => server[Symbol.asyncDispose]());
  for (const transport of ['auto', 'undici']) {
    hosts.length = 0;
    const { report } = await fetchList(
      t,
      [`http://pinned.example:${port}/`, `http://pinned.example:${port === 80 ? 81 : 80}/`],
      '--dns-servers',
      server.address,
      '--transport',
      transport,
      '--resolve',
      `pinned.example:${port}:127.0.0.5`,
    );
    assert.deepEqual([report.ok, report.failures], [1, { 'name-unknown': 1 }]);
    assert.deepEqual(hosts, [`pinned.example:${port} at 127.0.0.5`]);
  }
});

test('-4 and -6 ask for one family alone', async (t) => {
  const { port, hosts } = await serveAll(t, '::');
  const server = await openNameServer((_name, type) => ({
    addresses: type === 'A' ? ['127.0.0.1'] : ['::1'],
  }));
  t.after(() => server[Symbol.asyncDispose]());
  for (const [flag, address] of [
    ['-4', '::ffff:127.0.0.1'],
    ['-6', '::1'],
  ] as const) {
    hosts.length = 0;
    const { report } = await fetchList(
      t,
      [`http://two.example:${port}/`],
      flag,
      '--dns-servers',
      server.address,
    );
    assert.equal(report.ok, 1);
    assert.deepEqual(hosts, [`two.example:${port} at ${address}`]);
  }
  assert.deepEqual(server.queries.toSorted(), ['A two.example', 'AAAA two.example']);
});

test('the pages of a list are asked for where the name servers say', async (t) => {
  const server = await openNameServer((_name, type) => ({ addresses: type === 'A' ? ['127.0.0.1'] : [] }));
  t.after(() => server[Symbol.asyncDispose]());
  const pages = createServer((request, response) => {
    const isFirst = new URL(request.url ?? '', 'http://h').searchParams.get('start') === '0';
    if (request.url === '/item') response.end('item');
    else response.end(JSON.stringify(isFirst ? ['/item'] : []));
  });
  pages.listen(0, '127.0.0.1');
  await once(pages, 'listening');
  t.after(() => pages.close());
  const { port } = pages.address() as AddressInfo;
  const list = `http://list.example:${port}/list`;
  const given = ['fetch', '--list-api', list, '--to', 'discard', '--new', '--json'];
  const { stdout } = await runProgram(...given, '--dns-servers', server.address).ended;
  assert.equal((JSON.parse(stdout) as FetchReport).ok, 1);
  assert.equal(server.count('A list.example'), 2);
});

for (const [given, expected] of [
  [['--dns-servers', '9.9.9.9,nine'], /--dns-servers: expected addresses such as 9\.9\.9\.9/u],
  [['--resolve', 'host:443'], /--resolve: expected host:port:address/u],
  [['--resolve', 'host:70000:127.0.0.1'], /--resolve: expected host:port:address/u],
  [['-4', '-6'], /expected one of -4 and -6, found both/u],
] as const)
  test(`${given.join(' ')} is refused before anything starts`, async () => {
    const ran = await runProgram('fetch', 'http://h/', ...given).ended;
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, expected);
  });
