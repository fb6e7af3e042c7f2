import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { START_WINDOW } from '../../src/workers/fetch/origin/window-steps.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { fetchUrls, makeOptions, serve } from './fetch-world.ts';

const urlsOf = (origin: string, count: number) => Array.from({ length: count }, (_, n) => `${origin}/${n}`);

for (const [capacity, serviceMs, count] of [
  [20, 50, 2500],
  [150, 150, 6000],
] as const)
  test(`an origin that serves ${capacity} at once and refuses more is used well, and hardly ever refuses`, async (t) => {
    const counts = { open: 0, total: 0, refused: 0, lateRefused: 0, lateTotal: 0 };
    // What is open at the server, summed over the answers of the second half.
    let openSum = 0;
    const origin = await serve(t, (_, response) => {
      counts.total++;
      const isLate = counts.total > count / 2;
      if (isLate) counts.lateTotal++;
      if (counts.open >= capacity) {
        counts.refused++;
        if (isLate) counts.lateRefused++;
        response.writeHead(503).end();
        return;
      }
      counts.open++;
      if (isLate) openSum += counts.open;
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
    assert.ok(counts.lateRefused < counts.lateTotal * 0.02, JSON.stringify(counts));
    const meanOpen = openSum / (counts.lateTotal - counts.lateRefused);
    assert.ok(meanOpen > capacity * 0.6, `${meanOpen} open at the server on the average`);
    const [knee] = report.knees ?? [];
    assert.equal(knee?.origin, origin);
    assert.ok(knee.window >= capacity * 0.6 && knee.window <= capacity * 1.1, JSON.stringify(knee));
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
  assert.ok(peakLate >= capacity * 0.75 && peakLate <= capacity * 12, `${peakLate} at once`);
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
