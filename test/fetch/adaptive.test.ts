import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { START_WINDOW } from '../../src/workers/fetch/origin/window-steps.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { fetchUrls, makeOptions, serve } from './fetch-world.ts';

const urlsOf = (origin: string, count: number) => Array.from({ length: count }, (_, n) => `${origin}/${n}`);

// How well it is used, and how seldom it refuses, is tested in virtual time (workers/fetch/origin): a busy machine
// would be what is measured here.
for (const [capacity, serviceMs, count] of [
  [20, 50, 2500],
  [150, 150, 6000],
] as const)
  test(`of an origin that serves ${capacity} at once and refuses more no larger knee is found, and every target is had`, async (t) => {
    const counts = { open: 0, total: 0, refused: 0 };
    const origin = await serve(t, (_, response) => {
      counts.total++;
      if (counts.open >= capacity) {
        counts.refused++;
        response.writeHead(503).end();
        return;
      }
      counts.open++;
      setTimeout(() => {
        counts.open--;
        response.end('done');
      }, serviceMs);
    });
    const { report } = await fetchUrls(t, urlsOf(origin, count), {
      cores: 2,
      maxInFlight: 2000,
      limits: { maxRetries: 10 },
      budgets: { isAdaptive: true },
    });
    assert.deepEqual([report.ok, report.failed], [count, 0]);
    assert.equal(report.attemptsSent, counts.total);
    assert.equal(counts.total, count + counts.refused);
    const [knee] = report.knees ?? [];
    assert.equal(knee?.origin, origin);
    assert.ok(knee.window >= 1 && knee.window <= capacity * 1.1, JSON.stringify(knee));
  });

test('an origin that queues what is too much is not buried in requests', async (t) => {
  const capacity = 20;
  const waiting: (() => void)[] = [];
  let open = 0;
  let peakLate = 0;
  let total = 0;
  const begin = (answer: () => void) => {
    open++;
    setTimeout(() => {
      open--;
      answer();
      const next = waiting.shift();
      if (next !== undefined) begin(next);
    }, 50);
  };
  const origin = await serve(t, (_, response) => {
    total++;
    const answer = () => response.end('done');
    if (open < capacity) begin(answer);
    else waiting.push(answer);
    if (total > 1500) peakLate = Math.max(peakLate, open + waiting.length);
  });
  const { report } = await fetchUrls(t, urlsOf(origin, 2500), {
    cores: 2,
    maxInFlight: 2000,
    budgets: { isAdaptive: true },
  });
  assert.equal(report.ok, 2500);
  // Answers that a busy machine is late to read look like a quicker server; 2,000 would be asked without a rule.
  assert.ok(peakLate >= capacity * 0.75 && peakLate <= capacity * 20, `${peakLate} at once`);
});

test('an origin that answers at once is asked for more at a time than at first', async (t) => {
  let open = 0;
  let peak = 0;
  const origin = await serve(t, (_, response) => {
    open++;
    peak = Math.max(peak, open);
    setTimeout(() => {
      open--;
      response.end('done');
    }, 1);
  });
  const { report } = await fetchUrls(t, urlsOf(origin, 3000), {
    cores: 2,
    budgets: { isAdaptive: true },
    maxInFlight: 512,
  });
  assert.equal(report.ok, 3000);
  // How soon and how far is shown in virtual time: on a busy machine nothing answers at once.
  assert.ok(peak > START_WINDOW, `${peak} at most`);
});

test('a run that is stopped while it still grows says nothing of a knee', async (t) => {
  const origin = await serve(t, (_, response) => setTimeout(() => response.end('done'), 50));
  const run = startFetch(
    makeOptions(urlsOf(origin, 5), { to: `${scratchDirectory(t)}/out`, budgets: { isAdaptive: true } }),
  );
  const report = await run.report;
  assert.deepEqual([report.ok, report.knees], [5, []]);
});

for (const [name, isLiar] of [
  ['spread over the list', (n: number) => n % 4 === 1],
  ['in a row', (n: number) => n >= 100 && n < 200],
] as const)
  test(`targets that stall by themselves take no room from those that are answered (${name})`, async (t) => {
    const urlCount = 400;
    const counts = { stalled: 0, stalledPeak: 0, answered: 0 };
    const origin = await serve(t, (request, response) => {
      if (!isLiar(Number(request.url?.slice(1)))) {
        counts.answered++;
        response.end('done');
        return;
      }
      counts.stalled++;
      counts.stalledPeak = Math.max(counts.stalledPeak, counts.stalled);
      response.once('close', () => counts.stalled--);
    });
    const { report } = await fetchUrls(t, urlsOf(origin, urlCount), {
      maxInFlight: 200,
      limits: { totalMs: 2500, firstByteMs: 0, maxRetries: 1 },
      budgets: { isAdaptive: true },
    });
    assert.deepEqual([report.ok, report.failed], [300, 100]);
    // Nearly all of them are asked for at once, as a window of 200 from the start would; one of 8 leaves 8 of them.
    assert.ok(counts.stalledPeak >= 80, JSON.stringify(counts));
  });
