// Many origins on loopback addresses: connections are used again, files are enough, and nothing is lost for want of them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { runProgram, runUnderFileLimit } from '../helpers/program.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

async function serveEverywhere(t: TestContext): Promise<{ port: number; robots: () => number }> {
  let robots = 0;
  const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
    if (request.url === '/robots.txt') robots++;
    response.end(request.url === '/robots.txt' ? 'User-agent: *\nAllow: /\n' : 'here');
  });
  server.listen(0, '0.0.0.0', 4096);
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return { port: (server.address() as AddressInfo).port, robots: () => robots };
}

/** `count` targets of `origins` origins in turn: no origin twice in a row. */
function writeList(t: TestContext, port: number, origins: number, count: number): string {
  const list = join(scratchDirectory(t), 'urls.txt');
  const host = (index: number) => `127.1.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  const lines = Array.from({ length: count }, (_, n) => `http://${host(n % origins)}:${port}/${n}`);
  writeFileSync(list, lines.join('\n'));
  return list;
}

const GIVEN = ['--to', 'discard', '--new', '--json', '--cores', '2'];

test('a list in any order uses connections to 500 origins again', async (t) => {
  const { port } = await serveEverywhere(t);
  const list = writeList(t, port, 500, 5_000);
  const { stdout, stderr } = await runProgram('fetch', list, ...GIVEN).ended;
  assert.ok(stdout !== '', stderr);
  const report = JSON.parse(stdout) as FetchReport;
  assert.equal(report.ok, 5_000);
  // Slow start opens eight at an origin that has ten targets, and a connection for each would be 5,000.
  assert.ok(report.connectionsOpened <= 4_500, `${report.connectionsOpened} connections`);
});

test('under ulimit -n 256 nothing of 1,000 origins is lost, nor of their robots.txt', async (t) => {
  const { port, robots } = await serveEverywhere(t);
  const list = writeList(t, port, 1_000, 2_000);
  const { stdout, stderr } = await runUnderFileLimit(256, 'fetch', list, ...GIVEN, '--robots').ended;
  assert.ok(stdout !== '', stderr);
  const report = JSON.parse(stdout) as FetchReport;
  assert.deepEqual([report.ok, report.failed, robots()], [2_000, 0, 1_000]);
});
