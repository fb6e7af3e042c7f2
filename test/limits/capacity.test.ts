import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  countReservedFiles,
  maxConnectionsByFiles,
  maxConnectionsByMemory,
  maxConnectionsByPorts,
} from '../../src/limits/capacity.ts';
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

test('ports give half a range to each destination, less what the busiest one holds', () => {
  const table = [
    [{}, 1, 14_116],
    [{}, 3, 42_348],
    [{ heldByOneDestinationCount: 4116 }, 2, 20_000],
    [{ heldByOneDestinationCount: 20_000 }, 5, 0],
    // The table of sockets was not read: everything in TIME_WAIT may be towards one destination.
    [{ heldByOneDestinationCount: null, timeWaitCount: 116 }, 1, 14_000],
    [{ lowPort: 40_000, highPort: 40_004, rangeCount: 5 }, 1, 2],
  ] as const;
  for (const [ports, destinationCount, count] of table) {
    assert.equal(maxConnectionsByPorts(makeLimits({ ports }), destinationCount).count, count);
  }
  assert.equal(maxConnectionsByPorts(makeLimits({ ports: { rangeCount: null } }), 1).count, null);
});

test('ports never give a destination more than half the range, and grow with the destinations', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 64_512 }),
      fc.nat(70_000),
      fc.integer({ min: 1, max: 500 }),
      (rangeCount, held, destinationCount) => {
        const limits = makeLimits({ ports: { rangeCount, heldByOneDestinationCount: held } });
        const count = maxConnectionsByPorts(limits, destinationCount).count ?? -1;
        assert.ok(count >= 0 && count <= (destinationCount * rangeCount) / 2);
        assert.ok((maxConnectionsByPorts(limits, destinationCount + 1).count ?? -1) >= count);
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
