import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRANSPORTS } from '../../../src/model/plan.ts';
import { startServer } from '../../../src/server/cluster.ts';
import { answer, openRawServer } from '../../helpers/raw-server.ts';
import { runTrials } from '../../helpers/trial-harness.ts';
import { waitUntil } from '../../server/wait-until.ts';

const DEADLINE = { timeout: 30_000 };
const numberOf = (path: string): string => path.slice(1);

for (const transport of TRANSPORTS) {
  test(`${transport}: connections and requests in flight never pass the plan`, DEADLINE, async () => {
    let inFlight = 0;
    let peak = 0;
    await using server = await openRawServer((connection, { path }) => {
      peak = Math.max(peak, ++inFlight);
      setTimeout(() => {
        inFlight--;
        connection.write(answer(numberOf(path)));
      }, 10);
    });
    const report = await runTrials(server.origin, {
      trials: 120,
      transport,
      connections: 8,
      pipelining: 4,
      maxInFlight: 20,
    });
    assert.equal(peak, 20);
    assert.equal(report.tally.inFlightPeak, 20);
    assert.equal(report.tally.connectionsPeak, server.connections.length);
    assert.ok(server.connections.length <= 8 && server.connections.length >= 5);
    assert.equal(server.requestCount, 120);
    assert.deepEqual([report.tally.attemptsSent, report.tally.repeats, report.tally.ok], [120, 0, 120]);
  });

  test(
    `${transport}: latencies are those of the answers, with the wait for a connection and without`,
    DEADLINE,
    async () => {
      await using server = await openRawServer((connection, { path }) => {
        setTimeout(() => connection.write(answer(numberOf(path))), 60);
      });
      const { latency, wireLatency, connectTime, timeline, wallMs } = await runTrials(server.origin, {
        trials: 20,
        transport,
        connections: 10,
      });
      for (const { percentiles } of [latency, wireLatency]) {
        assert.equal(percentiles.count, 20);
        assert.ok((percentiles.minMs as number) >= 58 && (percentiles.p50Ms as number) < 5_000);
      }
      assert.ok((latency.percentiles.meanMs as number) >= (wireLatency.percentiles.meanMs as number));
      assert.equal(connectTime.percentiles.count, 10);
      assert.equal(
        timeline.counts.reduce((sum, count) => sum + count, 0),
        20,
      );
      assert.ok(wallMs >= 118, `two rounds of 60 ms in ${wallMs}`);
    },
  );

  test(
    `${transport}: a trial that lost an attempt was waited for since the first one, and sent with the last`,
    DEADLINE,
    async () => {
      const seen = new Set<string>();
      await using server = await openRawServer((connection, { path }) => {
        if (seen.has(path)) connection.write(answer(numberOf(path)));
        else seen.add(path);
      });
      const { tally, latency, wireLatency } = await runTrials(server.origin, {
        // Fewer than the attempts without a byte after which a server is given up.
        trials: 8,
        transport,
        connections: 4,
        limits: { firstByteMs: 200, maxRetries: 2 },
      });
      assert.deepEqual([tally.ok, tally.repeats, tally.requeued], [8, 8, 0]);
      assert.ok((latency.percentiles.minMs as number) >= 198, `${latency.percentiles.minMs} ms`);
      assert.ok((wireLatency.percentiles.p50Ms as number) < 198, `${wireLatency.percentiles.p50Ms} ms`);
    },
  );

  test(
    `${transport}: so was one that is asked for again for free, because it stood behind another`,
    DEADLINE,
    async () => {
      await using server = await openRawServer((connection, { path }) => {
        if (connection !== server.connections[0]) connection.write(answer(numberOf(path)));
        else if (connection.requests.length === 1)
          setTimeout(() => connection.socket.end(answer(numberOf(path))), 200);
      });
      const { tally, latency, wireLatency } = await runTrials(server.origin, {
        trials: 16,
        transport,
        connections: 1,
        pipelining: 16,
      });
      assert.deepEqual([tally.ok, tally.repeats, tally.requeued], [16, 15, 15]);
      assert.ok((latency.percentiles.minMs as number) >= 198, `${latency.percentiles.minMs} ms`);
      assert.ok((wireLatency.percentiles.p50Ms as number) < 198, `${wireLatency.percentiles.p50Ms} ms`);
    },
  );

  test(
    `${transport}: connections made anew after a polite end keep to the pace of the plan, and their times count`,
    DEADLINE,
    async () => {
      const held: (() => void)[] = [];
      let unread = 0;
      let peakUnread = 0;
      await using server = await openRawServer(
        (connection, { path }) => {
          unread--;
          held.push(() => connection.socket.end(answer(numberOf(path), 'Connection: close\r\n')));
          // All of them at once, so that all would connect again at once.
          if (held.length === 20) for (const say of held.splice(0)) say();
        },
        () => (peakUnread = Math.max(peakUnread, ++unread)),
      );
      const { connectTime, tally } = await runTrials(server.origin, {
        trials: 60,
        transport,
        connections: 20,
        maxConnecting: 2,
      });
      assert.deepEqual([tally.ok, tally.attemptsSent], [60, 60]);
      assert.equal(server.connections.length, 60);
      assert.equal(connectTime.percentiles.count, 60);
      // A connection stands for the client before the server reads from it.
      assert.ok(peakUnread <= 8, `${peakUnread} connections without a request`);
    },
  );

  test(`${transport}: every connection ends with the run, by reset`, DEADLINE, async () => {
    let resets = 0;
    await using server = await openRawServer(
      (connection, { path }) => connection.write(answer(numberOf(path))),
      ({ socket }) =>
        socket.on('error', (error: NodeJS.ErrnoException) => (resets += +(error.code === 'ECONNRESET'))),
    );
    await runTrials(server.origin, { trials: 30, transport, connections: 10 });
    await waitUntil('all are reset', () => resets === server.connections.length);
  });

  test(
    `${transport}: an answer that is another trial's settles it as wrong, and drops the connection`,
    DEADLINE,
    async () => {
      await using server = await openRawServer((connection, { path }) => {
        const swapped: Record<string, string> = { '/1': '2', '/4': '3' };
        connection.write(answer(swapped[path] ?? numberOf(path)));
      });
      const report = await runTrials(server.origin, { trials: 10, transport, connections: 1 });
      assert.deepEqual(report.tally.failures, { 'wrong-answer': 2 });
      assert.deepEqual(
        report.failures.map(({ trial, message }) => [trial, message]),
        [
          [1, 'expected the answer 1, got 2'],
          [4, 'expected the answer 4, got 3'],
        ],
      );
      assert.equal(server.connections.length, 3);
    },
  );
}

test('h2c: streams of one connection, and the server sees what was sent', DEADLINE, async (t) => {
  const server = await startServer({ delayMs: 20, items: 200, h2c: true, drainMs: 100 });
  t.after(() => server.close());
  const report = await runTrials(server.h2cOrigins, {
    trials: 200,
    family: 'h2c',
    connections: 2,
    pipelining: 25,
  });
  const { trials, connections } = await server.stats();
  assert.deepEqual([report.tally.ok, report.tally.attemptsSent], [200, 200]);
  assert.deepEqual([trials.received, trials.distinct, trials.duplicates], [200, 200, 0]);
  assert.equal(connections.total, 2);
  assert.equal(trials.peakInFlight, 50);
});

test('h2c: a server that speaks no HTTP/2 fails every trial, and holds no thread', DEADLINE, async () => {
  // Whether the server's end comes before or after the client's first streams is a matter of luck.
  for (let round = 0; round < 6; round++) {
    await using server = await openRawServer(
      () => undefined,
      ({ socket }) =>
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')),
    );
    const { tally } = await runTrials(server.origin, {
      trials: 300,
      family: 'h2c',
      connections: 3,
      pipelining: 100,
      // Threads of their own: only there is a connection that never goes seen.
      workers: 2,
      limits: { maxRetries: 1 },
    });
    assert.deepEqual([tally.ok, tally.failed], [0, 300]);
  }
});

test(
  'wire: what it does not take of an answer is fetched again through undici, and counted',
  DEADLINE,
  async () => {
    await using server = await openRawServer((connection, { path, head }) => {
      const isOdd = Number(numberOf(path)) % 2 === 1;
      // A chunk extension is valid and rare: the strict parser may leave it to the other transport.
      const body = `${numberOf(path).length};x=y\r\n${numberOf(path)}\r\n0\r\n\r\n`;
      assert.ok(head.length > 0);
      connection.write(
        isOdd ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${body}` : answer(numberOf(path)),
      );
    });
    const report = await runTrials(server.origin, { trials: 10, transport: 'wire', connections: 2 });
    // undici has the place of each of the two connections from then on, so nothing is asked in vain again.
    assert.equal(report.tally.handedOver, 2);
    assert.equal(report.tally.ok, 10);
    assert.equal(server.requestCount, report.tally.attemptsSent);
  },
);

test('wire: a trial that was handed over was waited for since wire sent it', DEADLINE, async () => {
  await using server = await openRawServer((connection, { path }) => {
    if (connection !== server.connections[0]) return connection.write(answer(numberOf(path)));
    setTimeout(() => connection.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'), 200);
  });
  const { tally, latency, wireLatency } = await runTrials(server.origin, {
    trials: 1,
    transport: 'wire',
    connections: 1,
  });
  assert.deepEqual([tally.ok, tally.handedOver], [1, 1]);
  assert.ok((latency.percentiles.minMs as number) >= 198, `${latency.percentiles.minMs} ms`);
  assert.ok((wireLatency.percentiles.maxMs as number) < 198, `${wireLatency.percentiles.maxMs} ms`);
});

test(
  'h2c: a server that takes connections and never says a word ends every trial by its deadlines',
  DEADLINE,
  async () => {
    await using server = await openRawServer(() => undefined);
    const report = await runTrials(server.origin, {
      trials: 30,
      transport: 'undici',
      family: 'h2c',
      connections: 2,
      pipelining: 15,
      limits: { connectMs: 200, firstByteMs: 200, totalMs: 400, maxRetries: 1 },
    });
    assert.equal(report.tally.failed, 30);
    const { 'connect-timeout': unsent = 0, 'first-byte-timeout': silent = 0 } = report.tally.failures;
    assert.equal(unsent + silent, 30, JSON.stringify(report.tally.failures));
    assert.ok(unsent > 0, 'some were never sent, because the session never stood');
  },
);
