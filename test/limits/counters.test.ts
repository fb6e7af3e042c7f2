import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { diffNetCounters, NET_COUNTERS, readNetCounters } from '../../src/limits/counters.ts';
import { plantTree } from './fixtures.ts';

const NETSTAT =
  'TcpExt: SyncookiesSent PruneCalled ListenOverflows ListenDrops TCPSynRetrans\nTcpExt: 0 4 2096 2100 9\n' +
  'IpExt: InNoRoutes ListenDrops\nIpExt: 7 8\n';
const SNMP =
  'Ip: Forwarding ActiveOpens\nIp: 2 64\nTcp: RtoMax MaxConn ActiveOpens RetransSegs\nTcp: 120000 -1 30 12\n';
const SOCKSTAT =
  'sockets: used 13\nTCP: inuse 5 orphan 1 tw 3 alloc 9 mem 352\nUDP: inuse 70 mem 71\nFRAG: inuse 0 memory 0\n';

test('counters are read by name from their own line, and what a kernel does not show is null', (t) => {
  const files = {
    'proc/net/netstat': NETSTAT,
    'proc/net/snmp': SNMP,
    'proc/net/sockstat': SOCKSTAT,
  };
  const { counters, gauges } = readNetCounters(plantTree(t, files));
  assert.equal(counters.listenOverflowCount, 2096);
  assert.equal(counters.listenDropCount, 2100);
  assert.equal(counters.synRetransmitCount, 9);
  assert.equal(counters.pruneCount, 4);
  assert.equal(counters.activeOpenCount, 30);
  assert.equal(counters.retransmitCount, 12);
  assert.equal(counters.abortOnMemoryCount, null);
  assert.deepEqual(gauges, {
    inUseCount: 5,
    timeWaitCount: 3,
    orphanCount: 1,
    allocatedCount: 9,
    memoryPageCount: 352,
  });
});

test('without /proc every counter and gauge is null, and so is every difference', (t) => {
  const none = readNetCounters(plantTree(t, {}));
  assert.equal(Object.keys(none.counters).length, Object.keys(NET_COUNTERS).length);
  assert.ok(Object.values(none.counters).every((value) => value === null));
  assert.ok(Object.values(none.gauges).every((value) => value === null));
  assert.ok(Object.values(diffNetCounters(none, none).counters).every((value) => value === null));
});

test('a difference is what was added; a counter that shrank is another name space and unknown', (t) => {
  const read = (netstat: string) =>
    readNetCounters(plantTree(t, { 'proc/net/netstat': netstat, 'proc/net/sockstat': SOCKSTAT }));
  const before = read(NETSTAT);
  const change = diffNetCounters(before, read(NETSTAT.replace('4 2096 2100', '4 2100 2099')));
  assert.equal(change.counters.listenOverflowCount, 4);
  assert.equal(change.counters.pruneCount, 0);
  assert.equal(change.counters.listenDropCount, null);
  assert.deepEqual(change.gauges.timeWaitCount, { before: 3, after: 3 });
  assert.deepEqual(JSON.parse(JSON.stringify(change)), change);
});

test('a real accept queue that overflows shows in the counters', {
  skip: process.platform !== 'linux',
}, async () => {
  const server = createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const before = readNetCounters();
  // All in one turn: the server cannot accept in between, and a queue of 1 holds two.
  const sockets: Socket[] = Array.from({ length: 20 }, () => connect({ port, host: '127.0.0.1' }));
  // Each connects in the next tick, before any event is polled for.
  await new Promise<void>((resolve) => process.nextTick(resolve));
  const { counters } = diffNetCounters(before, readNetCounters());
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
  assert.ok((counters.activeOpenCount ?? 0) >= 20, `opened ${counters.activeOpenCount}`);
  assert.ok((counters.listenOverflowCount ?? 0) >= 15, `overflowed ${counters.listenOverflowCount}`);
  assert.ok((counters.listenDropCount ?? 0) >= (counters.listenOverflowCount ?? 0));
});
