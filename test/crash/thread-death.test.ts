import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun } from './crash-run.ts';

const HOOK = new URL('dying-thread-hook.ts', import.meta.url).href;

for (const sink of ['out', 'out.ndjson', 'out.warc.gz', 'out.tar.zst'] as const)
  test(`worker threads that die while they write to ${sink} lose nothing and double nothing`, async (t) => {
    const origin = new CrashOrigin({ count: 400, delayMs: 2, largeBytes: 70_000, sameNameEvery: 11 });
    await origin.start();
    t.after(() => origin.stop());
    const cwd = scratchDirectory(t);
    const run = new CrashRun({ cwd, origin, sink, source: 'template', cores: 2, maxInFlight: 32 });
    const { ended } = run.fetch({ NODE_OPTIONS: `--import=${HOOK}`, SPILLWAY_TEST_THREAD_CALLS: '97' });
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as FetchReport).workerDeaths.length, 2);
    await run.assertWhole();
    const repeats = origin.asked.reduce((sum, times) => sum + times - 1, 0);
    assert.ok(repeats > 0 && repeats <= 32, `${repeats} repeats`);
  });
