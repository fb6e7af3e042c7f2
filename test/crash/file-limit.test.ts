import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun } from './crash-run.ts';

for (const limit of [72, 96])
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

test('with fewer files than its threads need, a run is refused before anything begins', async (t) => {
  const origin = new CrashOrigin({ count: 10, delayMs: 0, largeBytes: 0, sameNameEvery: 0 });
  await origin.start();
  t.after(() => origin.stop());
  const cwd = scratchDirectory(t);
  const run = new CrashRun({ cwd, origin, sink: 'out', source: 'template', cores: 2, maxInFlight: 10 });
  const { code, stderr } = await run.fetchUnderFileLimit(40).ended;
  assert.equal(code, 2, stderr);
  assert.match(
    stderr,
    /open files: expected room for \d+ with 2 worker.*found a limit of 40.*spillway doctor/u,
  );
  assert.equal(existsSync(join(cwd, 'out')), false);
});
