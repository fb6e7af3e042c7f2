import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  FOREIGN_ACCEPT_QUEUE,
  maxConnectionsByAcceptQueue,
  paceConnects,
  queueLength,
} from '../../src/limits/accept-queue.ts';
import { makeLimits } from './fixtures.ts';

const ours = (queueCount: number, backlog: number) => ({ ours: true, queueCount, backlog });

test('a queue holds the lesser of backlog and somaxconn, and a foreign one never counts for more than 511', () => {
  const table = [
    [ours(1, 65_535), 4096, 4096],
    [ours(1, 511), 4096, 511],
    [ours(1, 1), 4096, 1],
    [ours(1, 0), 4096, 1],
    [ours(1, 511), null, 128],
    [FOREIGN_ACCEPT_QUEUE, 4096, 511],
    [FOREIGN_ACCEPT_QUEUE, 128, 128],
    [{ ours: false, queueCount: 8, backlog: 4096 }, 4096, 511],
  ] as const;
  for (const [queue, somaxconnCount, length] of table)
    assert.equal(queueLength(makeLimits({ sockets: { somaxconnCount } }), queue), length);
});

test('several queues are filled so far that the hash cannot overfill one', () => {
  const limits = makeLimits();
  assert.equal(maxConnectionsByAcceptQueue(limits, ours(1, 4096)).count, 4096);
  assert.equal(maxConnectionsByAcceptQueue(limits, ours(4, 4096)).count, 4 * 3847);
  assert.equal(maxConnectionsByAcceptQueue(limits, FOREIGN_ACCEPT_QUEUE).count, 511);
  assert.equal(
    maxConnectionsByAcceptQueue(limits, { ...FOREIGN_ACCEPT_QUEUE, queueCount: 9 }).count,
    511,
    'a claim about a server that is not ours is not believed',
  );
});

test('four standard deviations over the mean fit in every queue', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 64 }),
      fc.integer({ min: 16, max: 65_535 }),
      (queueCount, backlog) => {
        const limits = makeLimits({ sockets: { somaxconnCount: 65_535 } });
        const { count } = maxConnectionsByAcceptQueue(limits, ours(queueCount, backlog));
        const mean = count / queueCount;
        assert.ok(mean + 4 * Math.sqrt(mean) <= backlog + 1e-6);
        assert.ok(mean + 1 + 4 * Math.sqrt(mean + 1) > backlog, 'and no room is given away');
      },
    ),
  );
});

test('what fits is connected at once by all; a foreign server beyond it gets one worker and half a queue', () => {
  const limits = makeLimits();
  const table = [
    [ours(4, 4096), 10_000, 2, { connectingWorkerCount: 2, maxConnecting: 5000 }],
    [ours(4, 4096), 30_000, 3, { connectingWorkerCount: 3, maxConnecting: 2564 }],
    [ours(1, 1), 100, 2, { connectingWorkerCount: 2, maxConnecting: 1 }],
    [FOREIGN_ACCEPT_QUEUE, 511, 2, { connectingWorkerCount: 2, maxConnecting: 256 }],
    [FOREIGN_ACCEPT_QUEUE, 512, 2, { connectingWorkerCount: 1, maxConnecting: 255 }],
    [FOREIGN_ACCEPT_QUEUE, 10_000, 4, { connectingWorkerCount: 1, maxConnecting: 255 }],
  ] as const;
  for (const [queue, connectionCount, workerCount, pace] of table) {
    const { reason, ...found } = paceConnects(limits, queue, { connectionCount, workerCount });
    assert.deepEqual(found, pace);
    assert.match(reason, /accept queue/);
  }
});

test('a pace never stands still, and beyond the queues never has more than half of them in the making', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 65_535 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 1, max: 256 }),
      (isOurs, queueCount, backlog, connectionCount, workerCount) => {
        const queue = { ours: isOurs, queueCount, backlog };
        const pace = paceConnects(makeLimits(), queue, { connectionCount, workerCount });
        assert.ok(pace.connectingWorkerCount >= 1 && pace.connectingWorkerCount <= workerCount);
        assert.ok(pace.maxConnecting >= 1);
        const { count } = maxConnectionsByAcceptQueue(makeLimits(), queue);
        const makingCount = pace.maxConnecting * pace.connectingWorkerCount;
        if (connectionCount > count) assert.ok(makingCount <= Math.max(count / 2, workerCount));
        else assert.ok(makingCount >= connectionCount);
      },
    ),
  );
});
