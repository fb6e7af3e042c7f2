// Origins from which nothing ever comes: how much of a run they may take, and how their targets end.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fetchUrls, listen, serve } from './fetch-world.ts';

const urlsOf = (origin: string, count: number) => Array.from({ length: count }, (_, n) => `${origin}/${n}`);

/** A port that refuses. */
async function refusingPort(t: Parameters<typeof listen>[0]): Promise<number> {
  const server = createServer();
  const port = await listen(t, server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('the targets of an origin that refuses are given up together, and the others are all fetched', async (t) => {
  let answered = 0;
  const live = await serve(t, (_, response) => {
    answered++;
    response.end('here');
  });
  const port = await refusingPort(t);
  const { report, outcomes } = await fetchUrls(
    t,
    [...urlsOf(`http://127.0.0.1:${port}`, 200), ...urlsOf(live, 200)],
    { cores: 2, limits: { maxRetries: 2 }, budgets: { maxPerOrigin: 0, isAdaptive: true } },
  );
  assert.deepEqual([report.ok, answered, report.failed], [200, 200, 200]);
  const { 'connect-refused': refused = 0, 'origin-dead': dead = 0 } = report.failures;
  assert.equal(refused + dead, 200);
  assert.ok(dead > 150, `${refused} refused, ${dead} dead`);
  const given = outcomes.find((outcome) => outcome.kind === 'failed' && outcome.code === 'origin-dead');
  assert.match(
    given?.kind === 'failed' ? given.detail : '',
    /no attempt at http:\/\/127\.0\.0\.1:\d+ brought a byte/u,
  );
});

test('an origin whose handshakes hang holds two connections at most, and its targets wait without a slot', async (t) => {
  let open = 0;
  let openPeak = 0;
  const silent = createServer((socket) => {
    openPeak = Math.max(openPeak, ++open);
    socket.on('error', () => {}).on('close', () => open--);
    socket.resume();
  });
  const port = await listen(t, silent);
  const live = await serve(t, (_, response) => response.end('here'));
  const { report } = await fetchUrls(t, [...urlsOf(`https://127.0.0.1:${port}`, 100), ...urlsOf(live, 100)], {
    cores: 2,
    maxInFlight: 16,
    limits: { connectMs: 300, maxRetries: 0 },
    budgets: { maxPerOrigin: 0, isAdaptive: true },
  });
  assert.deepEqual([report.ok, report.failed], [100, 100]);
  assert.ok(openPeak <= 2, `${openPeak} at once`);
  assert.ok((report.failures['origin-dead'] ?? 0) > 50, JSON.stringify(report.failures));
});

test('an origin that was once heard of is never taken for dead', async (t) => {
  let count = 0;
  const origin = await serve(t, (_, response) => {
    count++;
    if (count === 1) response.end('once');
    else response.destroy();
  });
  const { report } = await fetchUrls(t, urlsOf(origin, 20), { limits: { maxRetries: 1 } });
  assert.equal(report.failures['origin-dead'], undefined);
  assert.equal(report.ok, 1);
});

test('what was not tried again for want of retries is once all else is done, when its origin is well again', async (t) => {
  // The first 195 requests fail: more than an origin with 150 targets has retries for.
  let left = 195;
  const seen = new Map<string, number>();
  const origin = await serve(t, (request, response) => {
    const url = request.url as string;
    seen.set(url, (seen.get(url) ?? 0) + 1);
    response.statusCode = left-- > 0 ? 500 : 200;
    response.end();
  });
  const { report } = await fetchUrls(t, urlsOf(origin, 150), {
    cores: 1,
    limits: { maxRetries: 20, retryBudgetRatio: 0 },
  });
  assert.deepEqual([report.ok, report.failed, report.retriesDenied], [150, 0, 0]);
});

test('a bad origin cannot spend the retries that a good one needs', async (t) => {
  const bad = await serve(t, (_, response) => {
    response.statusCode = 500;
    response.end();
  });
  const tried = new Set<string>();
  const good = await serve(t, (request, response) => {
    const url = request.url as string;
    response.statusCode = tried.has(url) ? 200 : 500;
    tried.add(url);
    response.end();
  });
  const { report, outcomes } = await fetchUrls(t, [...urlsOf(bad, 300), ...urlsOf(good, 40)], {
    cores: 2,
    limits: { maxRetries: 2, retryBudgetRatio: 0 },
  });
  assert.deepEqual([report.ok, report.failed], [40, 300]);
  assert.ok(outcomes.slice(300).every(({ kind }) => kind === 'ok'));
});
