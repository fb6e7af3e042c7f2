import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun } from './crash-run.ts';

for (const limit of [40, 64, 96])
  test(`under a limit of ${limit} files a run ends whole, or says what binds and goes on where there is room`, async (t) => {
    const origin = new CrashOrigin({ count: 200, delayMs: 5, largeBytes: 600_000, sameNameEvery: 50 });
    await origin.start();
    t.after(() => origin.stop());
    const cwd = scratchDirectory(t);
    const run = new CrashRun({ cwd, origin, sink: 'out', source: 'template', cores: 2, maxInFlight: 100 });
    const { code, stdout, stderr } = await run.fetchUnderFileLimit(limit).ended;
    if (code !== 0) {
      assert.equal(code, 4, stderr);
      assert.match((JSON.parse(stdout) as FetchReport).problem ?? stderr, /file descriptor|unable to open/u);
      for (const number of run.settled()) origin.settled.add(number);
      assert.equal((await run.resume().ended).code, 0);
    }
    await run.assertWhole();
  });
