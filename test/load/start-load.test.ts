import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { parseThresholds } from '../../src/load/thresholds.ts';
import { TEST_CERTIFICATE } from '../helpers/lane-probe.ts';
import { loadFor, openCountingServer, rateOf, sumOf } from './load-world.ts';

const DEADLINE = { timeout: 60_000 };

for (const transport of ['wire', 'undici'] as const) {
  test(
    `${transport}: a number of requests is sent exactly, over workers that it does not divide by`,
    DEADLINE,
    async () => {
      await using server = await openCountingServer();
      const record = await loadFor([server.origin], { transport, requestCount: 1_003, connectionCount: 7 });
      assert.equal(server.total, 1_003);
      assert.deepEqual(
        [record.tally.asked, record.tally.sent, record.tally.right, record.tally.connectionsOpened],
        [1_003, 1_003, 1_003, 7],
      );
      assert.equal(record.figures.latencies.response.count, 1_003);
      assert.equal(record.statuses['200'], 1_003);
    },
  );

  test(`${transport}: content and fields of the caller go with every request`, DEADLINE, async () => {
    const seen = new Set<string>();
    await using server = await openCountingServer((request, response) => {
      void Array.fromAsync(request).then((pieces: Buffer[]) => {
        seen.add(`${String(request.headers['x-tenant'])} ${Buffer.concat(pieces).toString()}`);
        response.end();
      });
    });
    await loadFor([`${server.origin}/a`], {
      transport,
      requestCount: 50,
      headers: [['X-Tenant', 'b']],
      content: Buffer.from('{"q":1}'),
    });
    assert.deepEqual([...seen], ['b {"q":1}']);
    assert.deepEqual([...server.counts], [['POST /a', 50]]);
  });
}

test(
  'an open load asks for as many as its rate and time say, each once in the account',
  DEADLINE,
  async () => {
    await using server = await openCountingServer();
    const record = await loadFor([server.origin], { rate: rateOf(500), durationMs: 1_000 });
    assert.equal(record.tally.asked, 500);
    assert.equal(sumOf(record), 500);
    assert.equal(record.tally.sent + record.tally.unsent, 500);
    assert.equal(server.total, record.tally.sent);
    assert.equal(record.figures.latencies.late.count, record.tally.sent);
  },
);

test('a number of requests at a rate is sent exactly', DEADLINE, async () => {
  await using server = await openCountingServer();
  const record = await loadFor([server.origin], { rate: rateOf(2_000), requestCount: 301 });
  assert.deepEqual([record.tally.asked, record.tally.right, server.total], [301, 301, 301]);
});

test('the warm-up is asked as well and stands in no figure', DEADLINE, async () => {
  await using server = await openCountingServer();
  const record = await loadFor([server.origin], { rate: rateOf(200), durationMs: 1_000, warmUpMs: 500 });
  assert.deepEqual([record.tally.warmUpAsked, record.tally.asked], [100, 200]);
  assert.equal(server.total, 300);
  assert.equal(record.figures.latencies.response.count, 200);
});

test('requests are spread over URLs by their weights', DEADLINE, async () => {
  await using server = await openCountingServer();
  const record = await loadFor([`${server.origin}/a`, `${server.origin}/b`], {
    requestCount: 1_000,
    weights: [3, 1],
  });
  const [a = 0, b = 0] = ['GET /a', 'GET /b'].map((key) => server.counts.get(key));
  assert.equal(a + b, 1_000);
  assert.ok(Math.abs(a - 750) <= 5, `${a} of 750`);
  assert.deepEqual(
    record.figures.byRequest.map(({ service }) => service.count),
    [a, b],
  );
});

test(
  'while no answer comes, what may not be owed is counted as unsent, and stragglers as unanswered',
  DEADLINE,
  async () => {
    await using server = await openCountingServer(() => {});
    const record = await loadFor([server.origin], {
      rate: rateOf(200),
      durationMs: 1_000,
      connectionCount: 4,
      maxOwed: 20,
      drainMs: 0,
    });
    const { asked, sent, unsent, unanswered } = record.tally;
    assert.deepEqual([asked, sent, unanswered, unsent], [200, 4, 4, 196]);
    assert.equal(server.total, 4);
  },
);

test(
  'a stall is in the response time of all that was due meanwhile, and in the service time of what was open',
  DEADLINE,
  async () => {
    let firstMs = 0;
    await using server = await openCountingServer((_, response) => {
      firstMs ||= performance.now();
      const sinceMs = performance.now() - firstMs;
      const isStalled = sinceMs >= 300 && sinceMs < 1_300;
      setTimeout(() => response.end(), isStalled ? 1_300 - sinceMs : 0);
    });
    // Of 2 s at 500/s one second is stalled: half of all requests wait, evenly from 1 s to 0.
    const record = await loadFor([server.origin], {
      rate: rateOf(500),
      durationMs: 2_000,
      connectionCount: 16,
      workerCount: 1,
    });
    const { response, service } = record.figures.latencies;
    assert.equal(response.count, 1_000);
    // R(p) = S - (1 - p) T with S = 1 s and T = 2 s: 0.8 s at p90, 0.98 s at p99; a busy machine only adds to it.
    assert.ok((response.p90Ms as number) >= 750, `p90 ${response.p90Ms}`);
    assert.ok((response.p99Ms as number) >= 950, `p99 ${response.p99Ms}`);
    const openInStall = record.histograms.service?.buckets
      .filter(([lowerUs]) => lowerUs >= 600_000)
      .reduce((sum, [, count]) => sum + count, 0);
    assert.ok((openInStall ?? 0) <= 16, `${openInStall} of at most 16 were open all the time`);
    assert.ok((service.p90Ms as number) < (response.p90Ms as number) / 2);
  },
);

test('answers that fail a check are errors by their class, apart from right ones', DEADLINE, async () => {
  await using server = await openCountingServer((request, response) => {
    const [kind] = /\d/u.exec(request.url ?? '') ?? [];
    if (kind === '1') response.statusCode = 500;
    if (kind === '2') response.setHeader('content-type', 'text/html; charset=utf-8');
    else response.setHeader('content-type', 'application/json');
    response.end(kind === '3' ? '{"ok":false}' : kind === '4' ? '{"ok":true,"more":"abc"}' : '{"ok":true}');
  });
  const record = await loadFor(
    [0, 1, 2, 3, 4].map((kind) => `${server.origin}/${kind}`),
    {
      requestCount: 500,
      expect: {
        statuses: [200],
        type: 'application/*',
        lengthBytes: null,
        text: 'ok',
        json: { path: ['ok'], value: 'true' },
      },
    },
  );
  const { tally } = record;
  assert.deepEqual([tally.right + tally.wrong, tally.failed], [500, 0]);
  assert.deepEqual(Object.keys(tally.checks).sort(), ['json', 'status', 'type']);
  for (const count of Object.values(tally.checks)) assert.ok(Math.abs(count - 100) <= 5);
  assert.equal(record.figures.latencies.response.count, tally.right);
  assert.equal(record.figures.latencies.wrong.count, tally.wrong);
  assert.ok(Math.abs(record.figures.errorRatio - 0.6) < 0.02);
});

test('a connection for every request is made where keep-alive is off', DEADLINE, async () => {
  await using server = await openCountingServer();
  const record = await loadFor([server.origin], { requestCount: 60, isKeepAlive: false, connectionCount: 4 });
  assert.deepEqual([record.tally.right, record.tally.connectionsOpened], [60, 60]);
});

test('a server that is not there fails each request by its class, and the load ends', DEADLINE, async () => {
  const record = await loadFor(['http://127.0.0.1:1/'], { durationMs: 300, connectionCount: 3 });
  assert.ok(record.tally.failed > 0);
  assert.deepEqual(record.tally.failures, { 'connect-refused': record.tally.failed });
  assert.equal(sumOf(record), record.tally.asked);
});

test('an answer that takes too long is a failure, and its connection is made anew', DEADLINE, async () => {
  await using server = await openCountingServer((request, response) => {
    if (request.url === '/never') return;
    response.end();
  });
  const record = await loadFor([`${server.origin}/a`, `${server.origin}/never`], {
    requestCount: 10,
    timeoutMs: 200,
    connectionCount: 2,
  });
  assert.deepEqual(record.tally.failures, { 'first-byte-timeout': 5 });
  assert.equal(record.tally.right, 5);
});

test('a rule ends the load as soon as it holds', DEADLINE, async () => {
  await using server = await openCountingServer((_, response) => {
    response.statusCode = 500;
    response.end();
  });
  const record = await loadFor(
    [server.origin],
    { durationMs: 50_000 },
    { thresholds: parseThresholds('errorRatio > 0.5', '--fail-if'), abortAfterCount: 100 },
  );
  assert.equal(record.ended, 'threshold');
  assert.deepEqual(
    record.thresholds.map(({ verdict }) => verdict),
    ['failed'],
  );
  assert.ok(record.figures.measuredMs < 50_000);
});

test('pipelined requests are answered each once', DEADLINE, async () => {
  await using server = await openCountingServer();
  const record = await loadFor([server.origin], { requestCount: 2_000, depth: 16, connectionCount: 3 });
  assert.deepEqual([record.tally.right, server.total, record.tally.connectionsOpened], [2_000, 2_000, 3]);
});

for (const [transport, isHttp2] of [
  ['wire', false],
  ['undici', false],
  ['undici', true],
] as const) {
  test(
    `${transport}${isHttp2 ? ' by HTTP/2' : ''}: a service over TLS is asked with its certificate verified`,
    DEADLINE,
    async () => {
      let count = 0;
      const options = { ...TEST_CERTIFICATE, allowHTTP1: true };
      const server = createSecureServer(options, (_, response) => {
        count++;
        response.end('ok');
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const asked = { transport, isHttp2, requestCount: 101, connectionCount: 3, depth: isHttp2 ? 4 : 1 };
      const trusted = await loadFor([url], {
        ...asked,
        trust: { ca: TEST_CERTIFICATE.cert, isInsecure: false },
      });
      assert.deepEqual([trusted.tally.right, count], [101, 101]);
      const refused = await loadFor([url], { ...asked, requestCount: 3 });
      assert.deepEqual([refused.tally.failures, count], [{ tls: 3 }, 101]);
      server.close();
    },
  );
}
