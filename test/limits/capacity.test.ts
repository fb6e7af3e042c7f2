import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  countReservedFiles,
  maxConnectionsByFiles,
  maxConnectionsByMemory,
  maxConnectionsByPorts,
  freePorts,
} from '../../src/limits/capacity.ts';
import type { Destination, HeldPorts } from '../../src/limits/held-ports.ts';
import type { Limits } from '../../src/limits/read.ts';
import { GIB, makeLimits } from './fixtures.ts';

test('files leave room for Node.js, its threads, its children and what a run opens in passing', () => {
  const table = [
    [20_000, { workerCount: 2 }, 20_000 - 24 - 10 - 8],
    [20_000, { workerCount: 2, childCount: 2 }, 20_000 - 24 - 10 - 8 - 8],
    [1024, { workerCount: 3 }, 1024 - 24 - 15 - 8],
    [256, { workerCount: 2 }, 256 - 24 - 10 - 8],
    [64, { workerCount: 1 }, 64 - 24 - 5 - 8],
    [30, { workerCount: 2 }, 0],
  ] as const;
  for (const [softCount, users, count] of table) {
    const capacity = maxConnectionsByFiles(makeLimits({ files: { softCount } }), users);
    assert.equal(capacity.count, count);
    assert.match(capacity.reason, new RegExp(`^${softCount} open files a process, \\d+ of them kept`));
  }
});

test('files that are open already are kept, and no limit or an unknown one gives no number', () => {
  const busy = makeLimits({ files: { softCount: 1000, inUseCount: 500 } });
  assert.equal(maxConnectionsByFiles(busy, { workerCount: 1 }).count, 1000 - 500 - 5 - 8);
  for (const softCount of ['unlimited', null] as const) {
    const capacity = maxConnectionsByFiles(makeLimits({ files: { softCount } }), { workerCount: 1 });
    assert.equal(capacity.count, null);
    assert.match(capacity.reason, softCount === null ? /cannot be read/ : /not limited/);
  }
});

test('connections and what is kept never exceed the limit of open files', () => {
  fc.assert(
    fc.property(
      fc.nat(2_000_000),
      fc.nat(3000),
      fc.integer({ min: 1, max: 256 }),
      fc.nat(64),
      (softCount, inUseCount, workerCount, childCount) => {
        const limits = makeLimits({ files: { softCount, inUseCount } });
        const users = { workerCount, childCount };
        const { count } = maxConnectionsByFiles(limits, users);
        assert.ok(count !== null && count >= 0);
        if (count > 0) assert.equal(count + countReservedFiles(limits, users), softCount);
      },
    ),
  );
});

const TO_8000 = { addresses: ['127.0.0.1'], port: 8000 };
const held = (over: Partial<HeldPorts>): HeldPorts => ({
  address: '127.0.0.1',
  port: 8000,
  liveCount: 0,
  timeWaitCount: 0,
  endsInSec: [],
  ...over,
});
/** So many in TIME_WAIT that end in 30 s. */
const waiting = (count: number): Partial<HeldPorts> => ({
  timeWaitCount: count,
  endsInSec: [...Array.from({ length: 30 }, () => 0), count],
});

test('ports give a destination what nothing holds towards it, and say how many come quickly', () => {
  const RANGE_LESS_KEPT = 27_667;
  const table: readonly (readonly [
    facts: Partial<Limits['ports']>,
    reuse: number | null,
    to: Destination | null,
    count: number,
  ])[] = [
    [{}, 2, TO_8000, RANGE_LESS_KEPT],
    [{ destinations: [held({ liveCount: 4000 })] }, 2, TO_8000, RANGE_LESS_KEPT - 4000],
    // Loopback uses ports in TIME_WAIT again, as Linux is set by default.
    [{ destinations: [held(waiting(13_000))] }, 2, TO_8000, RANGE_LESS_KEPT],
    [{ destinations: [held(waiting(13_000))] }, 1, TO_8000, RANGE_LESS_KEPT],
    [{ destinations: [held(waiting(13_000))] }, 0, TO_8000, RANGE_LESS_KEPT - 13_000],
    [{ destinations: [held(waiting(13_000))] }, null, TO_8000, RANGE_LESS_KEPT - 13_000],
    // Elsewhere only where it is set for all.
    [
      { destinations: [held({ address: '10.0.0.1', ...waiting(9000) })] },
      2,
      { addresses: ['10.0.0.1'], port: 8000 },
      RANGE_LESS_KEPT - 9000,
    ],
    // What was measured goes before what is set.
    [
      { destinations: [held(waiting(13_000))], isTimeWaitReused: false },
      2,
      TO_8000,
      RANGE_LESS_KEPT - 13_000,
    ],
    [{ destinations: [held(waiting(13_000))], isTimeWaitReused: true }, 0, TO_8000, RANGE_LESS_KEPT],
    // Younger than a second: not yet.
    [
      {
        destinations: [
          held({ timeWaitCount: 500, endsInSec: [...Array.from({ length: 59 }, () => 0), 500] }),
        ],
      },
      2,
      TO_8000,
      RANGE_LESS_KEPT - 500,
    ],
    // Another port, another address: they hold nothing here.
    [{ destinations: [held({ port: 9000, liveCount: 20_000 })] }, 2, TO_8000, RANGE_LESS_KEPT],
    [{ destinations: [held({ address: '127.0.0.2', liveCount: 20_000 })] }, 2, TO_8000, RANGE_LESS_KEPT],
    [
      { destinations: [held({ address: '10.1.2.3', liveCount: 20_000 })] },
      2,
      { addresses: null, port: 8000 },
      RANGE_LESS_KEPT - 20_000,
    ],
    // A server that is not started yet.
    [{ destinations: [held({ liveCount: 20_000 })] }, 2, null, RANGE_LESS_KEPT],
    // The table of sockets was not read: everything in TIME_WAIT may be towards this destination.
    [{ destinations: null, timeWaitCount: 1667 }, 0, TO_8000, 26_000],
    [{ destinations: null, timeWaitCount: 1667 }, 2, TO_8000, RANGE_LESS_KEPT],
    [{ lowPort: 40_000, highPort: 40_004, rangeCount: 5 }, 2, TO_8000, 4],
  ];
  for (const [ports, timeWaitReuse, to, count] of table) {
    const limits = makeLimits({ ports, sockets: { timeWaitReuse } });
    const capacity = maxConnectionsByPorts(limits, 1, to);
    assert.equal(capacity.count, count, JSON.stringify([ports, timeWaitReuse, to]));
    assert.equal(maxConnectionsByPorts(limits, 3, to).count, 3 * count);
  }
  const unread = makeLimits({ ports: { rangeCount: null } });
  assert.equal(maxConnectionsByPorts(unread, 1, TO_8000).count, null);
});

test('ports that end soon are free after the wait that it takes', () => {
  const endsInSec = [10, 20, 30];
  const limits = makeLimits({
    ports: { destinations: [held({ timeWaitCount: 60, endsInSec })] },
    sockets: { timeWaitReuse: 0 },
  });
  const now = freePorts(limits, TO_8000).count ?? 0;
  const later = [0, 1, 2, 3, 4].map((sec) => (freePorts(limits, TO_8000, sec).count ?? 0) - now);
  assert.deepEqual(later, [0, 10, 30, 60, 60]);
});

test('ports never give a destination more than the range, and those that come quickly are no more than half', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 64_512 }),
      fc.nat(70_000),
      fc.nat(70_000),
      fc.integer({ min: 1, max: 500 }),
      (rangeCount, liveCount, timeWaitCount, destinationCount) => {
        const one = held({ liveCount, ...waiting(timeWaitCount) });
        const limits = makeLimits({
          ports: { rangeCount, destinations: [one] },
          sockets: { timeWaitReuse: 0 },
        });
        const { count, quickCount } = freePorts(limits, TO_8000);
        assert.ok(count !== null && quickCount !== null);
        assert.ok(
          count >= 0 && count + liveCount + timeWaitCount <= Math.max(rangeCount, liveCount + timeWaitCount),
        );
        assert.ok(quickCount <= rangeCount / 2 && (quickCount <= count || rangeCount < 2));
        const sum = maxConnectionsByPorts(limits, destinationCount, TO_8000).count;
        assert.equal(sum, count * destinationCount);
      },
    ),
  );
});

test('memory gives three quarters of what is left', () => {
  const limits = makeLimits({ memory: { usableBytes: GIB, boundBy: 'cgroup' } });
  const { count, reason } = maxConnectionsByMemory(limits, 32 * 1024);
  assert.equal(count, (GIB * 0.75) / (32 * 1024));
  assert.match(reason, /^768 MiB \(three quarters of what the cgroup leaves\) at 32768 bytes/);
  assert.equal(maxConnectionsByMemory(makeLimits({ memory: { usableBytes: 0 } }), 1).count, 0);
});
