import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scratchDirectory } from '../helpers/scratch.ts';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun } from './crash-run.ts';

for (const sink of ['out', 'out.warc.gz'] as const)
  test(`a server that is restarted in the middle of bodies costs attempts, and nothing of ${sink}`, async (t) => {
    const origin = new CrashOrigin({ count: 300, delayMs: 4, largeBytes: 2_000_000, sameNameEvery: 50 });
    await origin.start();
    t.after(() => origin.stop());
    const cwd = scratchDirectory(t);
    const more = ['--retries', '20', '--retry-budget', '10'];
    const run = new CrashRun({ cwd, origin, sink, source: 'txt', cores: 2, maxInFlight: 24, more });
    const { ended } = run.fetch();
    for (const count of [40, 120, 200]) {
      await origin.sent(count);
      await origin.restart();
    }
    const { code, stderr } = await ended;
    assert.equal(code, 0, stderr);
    await run.assertWhole();
  });
