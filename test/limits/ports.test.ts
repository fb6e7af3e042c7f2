import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLimits } from '../../src/limits/read.ts';
import { plantTree } from './fixtures.ts';

const RANGE = {
  'proc/sys/net/ipv4/ip_local_port_range': '32768\t60999\n',
  'proc/sys/net/ipv4/ip_local_reserved_ports': '\n',
};
const SOCKSTAT = 'sockets: used 13\nTCP: inuse 5 orphan 0 tw 3 alloc 9 mem 352\nUDP: inuse 0 mem 0\n';
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

function line(index: number, local: string, remote: string, state: string): string {
  return `   ${index}: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1\n`;
}

test('reserved ports count only inside the range', (t) => {
  const { ports } = readLimits(
    plantTree(t, {
      ...RANGE,
      'proc/sys/net/ipv4/ip_local_reserved_ports': '8080,32000-32769,40000,60990-65000\n',
    }),
  );
  assert.equal(ports.reservedCount, 2 + 1 + 10);
  assert.equal(ports.rangeCount, 28_232 - 13);
});

test('held ports are counted once each, and by the destination that has most of them', (t) => {
  const table =
    HEAD +
    line(0, '0100007F:9C40', '00000000:0000', '0A') + // listens on 40000: holds nothing
    line(1, '0100007F:9C41', '0100007F:1F90', '01') + // established to :8080
    line(2, '0100007F:9C42', '0100007F:1F90', '06') + // in TIME_WAIT to :8080
    line(2, '0100007F:9C42', '0100007F:1F90', '06') + // listed again, as while sockets come and go
    line(3, '0100007F:9C42', '0200007F:1F90', '06') + // the same port to another address
    line(4, '0100007F:1F90', '0100007F:9C41', '01') + // the server's end, outside the range
    line(5, '0100007F:0016', '0200007F:9C41', '06');
  const six = `${HEAD}${line(0, '00000000000000000000000001000000:9C43', '00000000000000000000000001000000:1F91', '01')}`;
  const files = { ...RANGE, 'proc/net/sockstat': SOCKSTAT, 'proc/net/tcp': table, 'proc/net/tcp6': six };
  const { ports } = readLimits(plantTree(t, files));
  assert.equal(ports.timeWaitCount, 3);
  assert.equal(ports.heldCount, 3);
  assert.equal(ports.heldByOneDestinationCount, 2);
  assert.deepEqual(ports.destinations, [
    { address: '127.0.0.1', port: 8080, liveCount: 1, timeWaitCount: 1, endsInSec: [1] },
    { address: '127.0.0.2', port: 8080, liveCount: 0, timeWaitCount: 1, endsInSec: [1] },
    { address: '::1', port: 8081, liveCount: 1, timeWaitCount: 0, endsInSec: [] },
  ]);
});

test('a socket in TIME_WAIT says when it ends, and IPv4 inside IPv6 is the same destination', (t) => {
  const ending = (index: number, local: string, hundredths: number) =>
    line(index, local, '0100007F:1F90', '06').replace(
      ' 00:00000000 ',
      ` 03:${hundredths.toString(16).toUpperCase().padStart(8, '0')} `,
    );
  const mapped = '0000000000000000FFFF00000100007F:1F90';
  const files = {
    ...RANGE,
    'proc/net/sockstat': SOCKSTAT,
    'proc/net/tcp': HEAD + ending(0, '0100007F:9C40', 5_950) + ending(1, '0100007F:9C41', 120),
    'proc/net/tcp6': HEAD + line(0, `${mapped.slice(0, 32)}:9C42`, mapped, '01'),
  };
  const [one, ...others] = readLimits(plantTree(t, files)).ports.destinations ?? [];
  assert.deepEqual(others, []);
  assert.deepEqual([one?.liveCount, one?.timeWaitCount], [1, 2]);
  assert.deepEqual([one?.endsInSec[59], one?.endsInSec[1], one?.endsInSec.length], [1, 1, 60]);
});

test('with no socket at all nothing is held, and the table is not even opened', (t) => {
  const sockstat = SOCKSTAT.replace('inuse 5', 'inuse 0').replace('tw 3', 'tw 0');
  const { ports, unknown } = readLimits(plantTree(t, { ...RANGE, 'proc/net/sockstat': sockstat }));
  assert.equal(ports.heldCount, 0);
  assert.ok(!unknown.some(({ fact }) => fact === 'ports.heldCount'));
});

test('a table with too many sockets is not read, and TIME_WAIT is still known', (t) => {
  const sockstat = SOCKSTAT.replace('tw 3', 'tw 250000');
  const { ports, unknown } = readLimits(plantTree(t, { ...RANGE, 'proc/net/sockstat': sockstat }));
  assert.equal(ports.timeWaitCount, 250_000);
  assert.equal(ports.heldCount, null);
  assert.match(unknown.find(({ fact }) => fact === 'ports.heldCount')?.reason ?? '', /250005 sockets/);
});
