import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fetchUrls, serve } from './fetch-world.ts';

const PAUSE_MS = 1000;
/** What a worker that has just read the refusal may still have on its way. */
const IN_FLIGHT_MS = 50;
/** A machine that is busy with something else may be late with what was on its way, but never by so much. */
const LATEST_MS = PAUSE_MS / 2;
const MAX_LATE_COUNT = 16;
const SERVICE_MS = 60;

/** Refuses the 50th request with a pause, and knows when every request came. */
async function makePausingServer(t: TestContext, status: number) {
  const arrivals: number[] = [];
  const times = { refusedAt: 0, firstAnswerAfterAt: 0 };
  const origin = await serve(t, (_, response) => {
    const now = performance.now();
    arrivals.push(now);
    if (arrivals.length === 50) {
      response.writeHead(status, { 'retry-after': String(PAUSE_MS / 1000) }).end();
      times.refusedAt = now;
      return;
    }
    setTimeout(() => {
      if (times.refusedAt > 0 && now - times.refusedAt > PAUSE_MS * 0.9)
        times.firstAnswerAfterAt ||= performance.now();
      response.end('done');
    }, SERVICE_MS);
  });
  return { origin, arrivals, times };
}

function assertPaused(arrivals: readonly number[], refusedAt: number): void {
  const inside = arrivals
    .map((at) => Math.round(at - refusedAt))
    .filter((ms) => ms > IN_FLIGHT_MS && ms < PAUSE_MS);
  const shown = `requests inside the pause, in ms after the refusal: ${inside.join(' ')}`;
  assert.ok(inside.every((ms) => ms < LATEST_MS) && inside.length <= MAX_LATE_COUNT, shown);
}

for (const status of [429, 503])
  for (const isAdaptive of [true, false])
    for (const cores of [2, 4])
      test(`a ${status} with Retry-After keeps ${cores} threads away, then one request is sent to try (${isAdaptive ? 'adaptive' : 'fixed'})`, async (t) => {
        const { origin, arrivals, times } = await makePausingServer(t, status);
        const urls = Array.from({ length: 400 }, (_, n) => `${origin}/${n}`);
        const { report } = await fetchUrls(t, urls, {
          cores,
          limits: { maxRetries: 5 },
          budgets: { maxPerOrigin: isAdaptive ? 0 : 16, isAdaptive },
        });
        assert.equal(report.ok, 400);
        assertPaused(arrivals, times.refusedAt);
        const after = arrivals.filter((at) => at - times.refusedAt >= PAUSE_MS);
        const probes = after.filter((at) => at < times.firstAnswerAfterAt);
        assert.equal(probes.length, 1, 'requests before the first answer after the pause');
      });

test('requests that wait for a connection are not sent into a pause', async (t) => {
  // undici queues what it has no connection for.
  const { origin, arrivals, times } = await makePausingServer(t, 429);
  const urls = Array.from({ length: 300 }, (_, n) => `${origin}/${n}`);
  const { report } = await fetchUrls(t, urls, {
    cores: 4,
    maxInFlight: 200,
    limits: { maxRetries: 5 },
    budgets: { isAdaptive: true },
    request: { transport: 'undici' },
  });
  assert.equal(report.ok, 300);
  assertPaused(arrivals, times.refusedAt);
});

for (const isAdaptive of [true, false])
  test(`a server that counts requests a second is learnt to be asked no faster (${isAdaptive ? 'adaptive' : 'fixed'})`, {
    timeout: 60_000,
  }, async (t) => {
    // As nginx's limit_req: 200 a second, five beyond, 429 and no time for the others.
    let excess = 0;
    let lastAt = 0;
    let refusedCount = 0;
    const origin = await serve(t, (_, response) => {
      const now = performance.now();
      const next = Math.max(0, excess - (now - lastAt) / 5) + 1;
      if (next > 6) {
        refusedCount++;
        response.writeHead(429).end();
        return;
      }
      excess = next;
      lastAt = now;
      response.end('done');
    });
    const urls = Array.from({ length: 300 }, (_, n) => `${origin}/${n}`);
    const { report } = await fetchUrls(t, urls, {
      limits: { maxRetries: 8, retryBudgetRatio: 1 },
      budgets: { maxPerOrigin: isAdaptive ? 0 : 16, isAdaptive },
    });
    assert.equal(report.ok, 300);
    assert.ok(refusedCount >= 1 && refusedCount < 100, `${refusedCount} refused`);
  });

test('what a paused origin holds back does not hold up another', async (t) => {
  let isPaused = false;
  const paused = await serve(t, (_, response) => {
    if (isPaused) response.end('done');
    else response.writeHead(503, { 'retry-after': '2' }).end();
    isPaused = true;
  });
  let served = 0;
  const other = await serve(t, (_, response) => {
    served++;
    response.end('done');
  });
  const urls = Array.from({ length: 200 }, (_, n) => `${n % 2 === 0 ? paused : other}/${n}`);
  const done: string[] = [];
  const { report } = await fetchUrls(t, urls, {
    maxInFlight: 4,
    limits: { maxRetries: 5 },
    budgets: { isAdaptive: true },
    onOutcomes: (outcomes) => done.push(...outcomes.map(({ url }) => url)),
  });
  assert.deepEqual([report.ok, served], [200, 100]);
  // What was on its way when the pause came may be answered before it is over; no more than were in flight.
  const lastOther = done.findLastIndex((url) => url.startsWith(other));
  const early = done.slice(0, lastOther).filter((url) => url.startsWith(paused));
  assert.ok(early.length <= 4, `${early.length} of the paused origin before the last of the other`);
});

test('origins that are waited for share the slots of a run in turn', async (t) => {
  const order: string[] = [];
  const makeServer = (name: string) =>
    serve(t, (_, response) => {
      order.push(name);
      setTimeout(() => response.end(), 5);
    });
  const [one, other] = [await makeServer('one'), await makeServer('other')];
  const urls = [
    ...Array.from({ length: 150 }, (_, n) => `${one}/${n}`),
    ...Array.from({ length: 150 }, (_, n) => `${other}/${n}`),
  ];
  await fetchUrls(t, urls, { cores: 1, maxInFlight: 12, budgets: { isAdaptive: true } });
  // Both fit the look-ahead of a worker, so the second is not behind all of the first.
  assert.ok(order.indexOf('other') < 120, `after ${order.indexOf('other')} of the first`);
});
