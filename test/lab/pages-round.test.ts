import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runPages } from '../../src/lab/pages-round.ts';
import { namedStrategy } from '../../src/lab/strategies.ts';
import { pagesLines } from '../../src/report/pages-text.ts';

test('a paginated list is downloaded while it is walked, each k of 12 once, in flight as the strategy says', async () => {
  const record = await runPages({
    strategies: (['sequential', 'async'] as const).map(namedStrategy),
    fileCount: 12,
    delayMs: 40,
    roundCount: 1,
    seed: 1,
    deadlineMs: 20_000,
    command: 'a test',
    signal: new AbortController().signal,
  });
  const [sequential, async] = record.strategies;
  for (const { rounds } of record.strategies) {
    assert.deepEqual(rounds[0]?.problems, []);
    assert.equal(rounds[0]?.foundOnce, 12);
    assert.equal(rounds[0]?.sentOnce, 12);
  }
  assert.equal(sequential?.floorMs, 480);
  assert.ok((sequential?.wallMs.median ?? 0) >= 480);
  assert.equal(sequential?.rounds[0]?.inFlightPeak, 1);
  assert.ok((async?.rounds[0]?.inFlightPeak ?? 0) > 1);
  assert.match(
    pagesLines(record).join('\n'),
    /sequential: .*proof: 12 on disk once, 12 sent once by the server/,
  );
});

test('what the threads take to start is no part of the time of a list', async () => {
  const before = process.cpuUsage();
  const record = await runPages({
    strategies: [namedStrategy('threaded')],
    fileCount: 12,
    delayMs: 0,
    roundCount: 1,
    seed: 1,
    deadlineMs: 20_000,
    command: 'a test',
    signal: new AbortController().signal,
  });
  const [threaded] = record.strategies;
  assert.ok((threaded?.workerCount ?? 0) >= 8);
  // Of the CPU of the whole round, which a slow machine stretches alike: to start eight threads is most of it.
  const { user, system } = process.cpuUsage(before);
  const ratio = ((threaded?.rounds[0]?.clientCpuUsPerFile ?? Number.NaN) * 12) / (user + system);
  assert.ok(ratio < 0.5, `${ratio} of the CPU of the round`);
});
