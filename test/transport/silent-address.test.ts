// A name with two addresses, the first of which says nothing at all, as `localhost` with a silent ::1.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type LookupFunction, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type TestContext, test } from 'node:test';
import { openUndiciLane } from '../../src/transport/undici/undici-lane.ts';
import { openWireLane } from '../../src/transport/wire/wire-lane.ts';
import { LaneUnderTest } from '../helpers/lane-probe.ts';
import { answer, openRawServer } from '../helpers/raw-server.ts';

const LISTENER = fileURLToPath(new URL('../helpers/deaf-listener.ts', import.meta.url));

/** 127.0.0.2 at this port drops every handshake from now on. */
async function makeSilent(t: TestContext, port: number): Promise<void> {
  const child = spawn(process.execPath, [LISTENER, String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const fillers: Socket[] = [];
  t.after(() => {
    for (const socket of fillers) socket.destroy();
  });
  // More than the queue holds: the last ones stand in SYN_SENT.
  for (let count = 0; count < 6; count++)
    fillers.push(connect({ host: '127.0.0.2', port }).on('error', () => {}));
  await Promise.race(fillers.map((socket) => once(socket, 'connect')));
}

const lookup: LookupFunction = (_name, options, callback) => {
  const addresses = ['127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  if (options.all === true) callback(null, addresses);
  else callback(null, '127.0.0.2', 4);
};

for (const [name, open] of [
  ['wire', openWireLane],
  ['undici', openUndiciLane],
] as const)
  test(`${name}: an address that drops handshakes is left for the next one, long before the deadline`, {
    timeout: 30_000,
  }, async (t) => {
    await using server = await openRawServer((connection, { path }) => connection.write(answer(path)));
    await makeSilent(t, server.port);
    await using lane = new LaneUnderTest(open, `http://both.test:${server.port}`, {
      lookup,
      connectTimeoutMs: 60_000,
    });
    // With the deadline of a minute alone, the test's own would end it first.
    const { status, body, error } = await lane.fetch('/a');
    assert.deepEqual([status, body, error], [200, '/a', undefined]);
  });
