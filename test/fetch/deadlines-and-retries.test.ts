import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fetchUrls, listen, onlyFailed, onlyOk, serve } from './fetch-world.ts';

test('a server that takes the request and says nothing is a first-byte-timeout', async (t) => {
  const origin = await serve(t, () => {});
  const failure = onlyFailed(await fetchUrls(t, [`${origin}/a`], { limits: { firstByteMs: 200 } }));
  assert.equal(failure.code, 'first-byte-timeout');
  assert.ok(failure.durationMs >= 200 && failure.durationMs < 5000, `${failure.durationMs} ms`);
});

test('a TLS handshake that hangs is a connect-timeout', async (t) => {
  const server = createServer((socket) => socket.on('error', () => {}));
  const port = await listen(t, server);
  const failure = onlyFailed(
    await fetchUrls(t, [`https://127.0.0.1:${port}/`], { limits: { connectMs: 300 } }),
  );
  assert.equal(failure.code, 'connect-timeout');
});

test('a body that stands still is an idle-timeout', async (t) => {
  const origin = await serve(t, (_, response) => {
    response.write('a beginning');
  });
  const failure = onlyFailed(await fetchUrls(t, [`${origin}/a`], { limits: { idleMs: 200 } }));
  assert.equal(failure.code, 'idle-timeout');
});

test('a body that drips is too slow, and one that keeps dripping is ended by its total deadline', async (t) => {
  const origin = await serve(t, (_, response) => {
    const timer = setInterval(() => response.write('x'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const slow = await fetchUrls(t, [`${origin}/a`], { limits: { minBytesPerSec: 10_000, slowWindowMs: 300 } });
  assert.equal(onlyFailed(slow).code, 'too-slow');
  const total = await fetchUrls(t, [`${origin}/a`], { limits: { totalMs: 500 } });
  assert.equal(onlyFailed(total).code, 'total-timeout');
});

test('a refused connection is tried again, as often as asked, and no more', async (t) => {
  const server = createServer();
  const port = await listen(t, server);
  await new Promise((resolve) => server.close(resolve));
  const failure = onlyFailed(
    await fetchUrls(t, [`http://127.0.0.1:${port}/a`], { limits: { maxRetries: 2 } }),
  );
  assert.deepEqual([failure.code, failure.attempts], ['connect-refused', 3]);
});

test('a host that does not exist is name-unknown', async (t) => {
  const failure = onlyFailed(await fetchUrls(t, ['http://nowhere.invalid/']));
  assert.equal(failure.code, 'name-unknown');
});

for (const status of [400, 401, 403, 404, 410, 422])
  test(`a ${status} is not tried again`, async (t) => {
    let count = 0;
    const origin = await serve(t, (_, response) => {
      count++;
      response.writeHead(status).end();
    });
    const failure = onlyFailed(await fetchUrls(t, [`${origin}/a`], { limits: { maxRetries: 3 } }));
    assert.deepEqual([failure.code, failure.status, failure.attempts, count], ['http-status', status, 1, 1]);
  });

for (const status of [408, 425, 429, 500, 502, 503, 504])
  test(`a ${status} is tried again and then succeeds`, async (t) => {
    let count = 0;
    const origin = await serve(t, (_, response) => {
      count++;
      response.writeHead(count < 3 ? status : 200).end('done');
    });
    const fetched = await fetchUrls(t, [`${origin}/a`], { limits: { maxRetries: 3 } });
    assert.deepEqual([onlyOk(fetched).attempts, count, fetched.report.retries], [3, 3, 2]);
  });

for (const [form, makeValue] of [
  ['seconds', () => '2'],
  ['a date', () => new Date(Date.now() + 2500).toUTCString()],
] as const)
  test(`a Retry-After in ${form} is honoured by every worker: nobody asks inside the pause`, async (t) => {
    let pausedAt = 0;
    const insidePause: number[] = [];
    const origin = await serve(t, (_, response) => {
      const now = Date.now();
      if (pausedAt === 0) {
        pausedAt = now;
        response.writeHead(429, { 'retry-after': makeValue() }).end();
        return;
      }
      // Requests that were on their way already when the answer was written are not inside the pause.
      if (now - pausedAt > 50 && now - pausedAt < 1400) insidePause.push(now - pausedAt);
      setTimeout(() => response.end('done'), 20);
    });
    const urls = Array.from({ length: 200 }, (_, n) => `${origin}/${n}`);
    const fetched = await fetchUrls(t, urls, { limits: { maxRetries: 3 }, budgets: { maxPerOrigin: 4 } });
    assert.equal(fetched.report.ok, 200);
    assert.deepEqual(insidePause, []);
    assert.ok(fetched.report.wallMs > 1400, `${fetched.report.wallMs} ms`);
  });

test('a server that asks for a longer pause than is allowed fails its target at once, unshortened', async (t) => {
  let count = 0;
  const origin = await serve(t, (_, response) => {
    count++;
    response.writeHead(503, { 'retry-after': '86400' }).end();
  });
  const limits = { maxRetries: 3, maxRetryWaitMs: 60_000 };
  const failure = onlyFailed(await fetchUrls(t, [`${origin}/a`], { limits }));
  assert.deepEqual([failure.status, failure.attempts, count], [503, 1, 1]);
});

test('a target that waits for its retry holds no slot', async (t) => {
  const order: string[] = [];
  const origin = await serve(t, (request, response) => {
    order.push(request.url ?? '');
    if (request.url === '/0' && !order.includes('/5')) response.writeHead(500).end();
    else response.end('done');
  });
  const urls = Array.from({ length: 6 }, (_, n) => `${origin}/${n}`);
  const fetched = await fetchUrls(t, urls, { maxInFlight: 1, cores: 1, limits: { maxRetries: 5 } });
  assert.equal(fetched.report.ok, 6);
  assert.ok(order.indexOf('/5') < order.lastIndexOf('/0'), order.join(' '));
});

for (const cores of [1, 4])
  test(`retries stop when the budget of the run is used up, with ${cores} workers`, async (t) => {
    let count = 0;
    const origin = await serve(t, (_, response) => {
      count++;
      response.writeHead(500).end();
    });
    const urls = Array.from({ length: 300 }, (_, n) => `${origin}/${n}`);
    const limits = { maxRetries: 2, retryBudgetRatio: 0.1 };
    const { report } = await fetchUrls(t, urls, { limits, cores });
    assert.equal(report.failed, 300);
    assert.ok(report.retriesDenied > 0);
    // 300 first attempts, a reserve of 50, and a tenth of 300.
    assert.ok(count >= 300 && count <= 380, `${count} requests`);
    assert.equal(count, report.attemptsSent);
  });
