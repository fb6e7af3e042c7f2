import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectSweep } from '../../../src/transport/socket/connect-sweep.ts';
import type { LaneOptions } from '../../../src/transport/lane.ts';
import type { OriginAddresses } from '../../../src/transport/socket/origin-addresses.ts';
import { WireHeads } from '../../../src/transport/wire/wire-heads.ts';
import { openWireLane } from '../../../src/transport/wire/wire-lane.ts';
import { type WireShared, WireSlot } from '../../../src/transport/wire/wire-slot.ts';
import { WireSocket } from '../../../src/transport/wire/wire-socket.ts';
import { LaneUnderTest, Probe, words } from '../../helpers/lane-probe.ts';
import { answer, openRawServer } from '../../helpers/raw-server.ts';

const DEADLINE = { timeout: 20_000 };

function laneOptions(origin: string): LaneOptions {
  return {
    origin,
    depth: 1,
    connectTimeoutMs: 5_000,
    maxHeaderBytes: 16_384,
    headers: [],
    onConnection: () => {},
  };
}

test('the requests of a turn leave in one write', DEADLINE, async () => {
  await using server = await openRawServer((connection, { path }) => {
    if (connection.requests.length === 101)
      connection.write(
        connection.requests
          .slice(1)
          .map((request) => answer(request.path))
          .join(''),
      );
    else if (path === '/warm') connection.write(answer('warm'));
  });
  await using lane = new LaneUnderTest(openWireLane, server.origin, { depth: 100 });
  await lane.fetch('/warm');
  const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
  const ends = await words(lane.send(...paths));
  assert.deepEqual(
    ends,
    paths.map((path) => `200 ${path}`),
  );
  assert.equal(server.connections[0]?.readCount, 2);
});

test(
  'a request made while an answer is read does not own the bytes behind that answer',
  DEADLINE,
  async () => {
    // The second answer is there before the second request is; two connections later each has its own.
    await using server = await openRawServer((connection, { path }) => {
      connection.write(path === '/0' ? answer('/0') + answer('poison').repeat(3) : answer(path));
    });
    await using lane = new LaneUnderTest(openWireLane, server.origin, { depth: 4 });
    const [first] = lane.send('/0') as [Probe];
    const next = ['/1', '/2', '/3'].map((path) => new Probe(path));
    first.hooks.onEnd = () => {
      for (const probe of next) lane.slot.send(probe);
    };
    assert.deepEqual(await words([first, ...next]), ['200 /0', '200 /1', '200 /2', '200 /3']);
    assert.equal(lane.opened, 2);
  },
);

test(
  'what the parser refuses ends one attempt as unsupported framing, and those behind it as lost',
  DEADLINE,
  async () => {
    await using server = await openRawServer((connection) => {
      if (connection.requests.length === 4)
        connection.write(
          `${answer('first')}HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx${answer('third')}`,
        );
    });
    await using lane = new LaneUnderTest(openWireLane, server.origin, { depth: 4 });
    const probes = lane.send('/0', '/1', '/2', '/3');
    assert.deepEqual(await words(probes), ['200 first', 'answering', 'queued-behind', 'queued-behind']);
    assert.deepEqual(
      probes.map(({ code }) => code),
      [undefined, 'unsupported-framing', 'connection-lost', 'connection-lost'],
    );
  },
);

test('addresses are tried in turn, and the one that took a connection is preferred', DEADLINE, async () => {
  await using server = await openRawServer((connection, { path }) => connection.write(answer(path)));
  const preferred: string[] = [];
  const addresses = {
    resolve: (callback) => callback(null, ['127.0.0.2', '127.0.0.1']),
    prefer: (address) => preferred.push(address),
    isProven: () => false,
  } as Pick<OriginAddresses, 'resolve' | 'prefer' | 'isProven'> as OriginAddresses;
  const readBuffer = Buffer.alloc(65_536);
  const shared: WireShared = {
    options: laneOptions(server.origin),
    port: server.port,
    addresses,
    sweep: new ConnectSweep(5_000),
    readBuffer,
    heads: new WireHeads(),
    requestTail: ' HTTP/1.1\r\nhost: x\r\n\r\n',
    makeSocket: (owner) => new WireSocket(owner, readBuffer),
    addSocket: () => {},
    removeSocket: () => {},
    flushLater: (slot) => process.nextTick(() => slot.flush()),
  };
  const slot = new WireSlot(shared);
  const probe = new Probe('/a');
  slot.send(probe);
  await probe.done;
  assert.equal(probe.body, '/a');
  assert.deepEqual(preferred, ['127.0.0.1']);
  slot.close(true, new Error('the test is over'));
});

test('when no address takes a connection, its refusal is the error', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const lane = openWireLane(laneOptions(`http://127.0.0.3:${server.port}`));
  const slot = lane.openSlot();
  const probe = new Probe('/a');
  slot.send(probe);
  await probe.done;
  assert.deepEqual([probe.reached, probe.code], ['unsent', 'ECONNREFUSED']);
  await lane.close(true);
});
