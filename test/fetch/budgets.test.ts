import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { fetchUrls, makeOptions, serve } from './fetch-world.ts';

/** A server that answers after a moment and knows how many requests it had open at most. */
async function makeCountingServer(t: Parameters<typeof serve>[0], bytes = 10) {
  const counts = { open: 0, peak: 0, total: 0 };
  const origin = await serve(t, (_, response) => {
    counts.total++;
    counts.peak = Math.max(counts.peak, ++counts.open);
    setTimeout(() => {
      counts.open--;
      response.end(Buffer.alloc(bytes));
    }, 10);
  });
  return { origin, counts };
}

const urlsOf = (origin: string, count: number) => Array.from({ length: count }, (_, n) => `${origin}/${n}`);

test('an origin has no more requests open than allowed, over all workers, and every target is fetched once', async (t) => {
  const { origin, counts } = await makeCountingServer(t);
  const { report } = await fetchUrls(t, urlsOf(origin, 301), { budgets: { maxPerOrigin: 3 }, cores: 2 });
  assert.equal(report.ok, 301);
  assert.equal(counts.total, 301);
  assert.ok(counts.peak <= 3, `${counts.peak} at once`);
});

test('a full origin does not hold up another', async (t) => {
  const slow = await serve(t, (_, response) => setTimeout(() => response.end(), 200));
  const { origin, counts } = await makeCountingServer(t);
  const done: string[] = [];
  const { report } = await fetchUrls(t, [...urlsOf(slow, 20), ...urlsOf(origin, 100)], {
    budgets: { maxPerOrigin: 2 },
    maxInFlight: 8,
    onOutcomes: (outcomes) => done.push(...outcomes.map(({ url }) => url)),
  });
  assert.equal(report.ok, 120);
  assert.equal(counts.total, 100);
  const lastOf = (prefix: string) => done.findLastIndex((url) => url.startsWith(`${prefix}/`));
  assert.ok(lastOf(origin) < lastOf(slow), 'the fast origin was done first');
});

test('the run has no more requests open than allowed, over all workers', async (t) => {
  const { origin, counts } = await makeCountingServer(t);
  const { report } = await fetchUrls(t, urlsOf(origin, 200), { maxInFlight: 5, cores: 2 });
  assert.equal(report.ok, 200);
  assert.ok(counts.peak <= 5, `${counts.peak} at once`);
});

test('--rate holds over all workers', async (t) => {
  const { origin } = await makeCountingServer(t);
  const { report } = await fetchUrls(t, urlsOf(origin, 100), {
    budgets: { maxAttemptsPerSec: 100 },
    cores: 2,
  });
  assert.equal(report.ok, 100);
  // 100 requests at 100 a second, less a burst of 50 ms.
  assert.ok(report.wallMs >= 900, `${report.wallMs} ms`);
});

test('--max-bytes-per-sec holds over all workers', async (t) => {
  const { origin } = await makeCountingServer(t, 50_000);
  const { report } = await fetchUrls(t, urlsOf(origin, 40), {
    budgets: { maxBytesPerSec: 2_000_000 },
    cores: 2,
  });
  assert.equal(report.bytes, 2_000_000);
  assert.ok(report.wallMs >= 700, `${report.wallMs} ms`);
});

test('a drained run settles what is in flight and skips the rest; the parts add up', async (t) => {
  const { origin, counts } = await makeCountingServer(t);
  let settled = 0;
  const run = startFetch({
    ...makeOptions(urlsOf(origin, 5000), { to: `${scratchDirectory(t)}/out` }),
    onOutcomes: (outcomes) => {
      settled += outcomes.length;
      if (settled > 100) run.drain();
    },
  });
  const report = await run.report;
  assert.equal(report.ended, 'stopped');
  assert.equal(report.targets, report.ok + report.failed + report.skipped);
  assert.equal(report.failed, 0);
  assert.ok(report.ok > 100 && report.ok < 5000, `${report.ok} ok`);
  assert.equal(counts.total, report.ok);
});

test('connections are bounded by requests', async (t) => {
  const { origin } = await makeCountingServer(t);
  const { report } = await fetchUrls(t, urlsOf(origin, 500), { maxInFlight: 8, cores: 1 });
  assert.ok(report.connectionsOpened <= 8, `${report.connectionsOpened} connections`);
});

test('duplicates are counted, or skipped with dedupe', async (t) => {
  const { origin, counts } = await makeCountingServer(t);
  const urls = [...urlsOf(origin, 10), ...urlsOf(origin, 5)];
  const counted = await fetchUrls(t, urls);
  assert.deepEqual([counted.report.ok, counted.report.duplicates, counts.total], [15, 5, 15]);
  const skipped = await fetchUrls(t, urls, { isDeduping: true });
  assert.deepEqual([skipped.report.ok, skipped.report.skips, counts.total], [10, { duplicate: 5 }, 25]);
});

test('duplicates past what is remembered are said to be a lower bound', async (t) => {
  const { origin } = await makeCountingServer(t);
  const urls = [...urlsOf(origin, 10), ...urlsOf(origin, 10)];
  const { report } = await fetchUrls(t, urls, { maxRemembered: 4 });
  assert.equal(report.duplicates, 4);
  assert.match(
    report.findings.join('\n'),
    /4 targets or more .*\n.*first 4 distinct targets alone: the 12 new/u,
  );
});

test('a bad line is a counted failure with its number, or the end with strict', async (t) => {
  const { origin } = await makeCountingServer(t);
  const urls = [`${origin}/1`, 'nonsense', `${origin}/2`];
  const { report } = await fetchUrls(t, urls);
  assert.deepEqual([report.targets, report.ok, report.failures], [3, 2, { 'bad-target': 1 }]);
  assert.match(
    report.firstFailures[0]?.detail ?? '',
    /^the test line 2: expected an absolute http or https URL/u,
  );
  const strict = await fetchUrls(t, urls, { isStrict: true });
  assert.equal(strict.report.ended, 'broken');
  assert.match(strict.report.problem ?? '', /the test line 2: .*--strict/u);
});
