import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { scratchDirectory } from '../helpers/scratch.ts';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun } from './crash-run.ts';

const PAGE_BYTES = 4096;

/** A run that was killed when half of it was done. */
async function killHalfway(t: TestContext, sink: 'out' | 'out.ndjson'): Promise<CrashRun> {
  const origin = new CrashOrigin({ count: 600, delayMs: 2, largeBytes: 500, sameNameEvery: 11 });
  await origin.start();
  t.after(() => origin.stop());
  const cwd = scratchDirectory(t);
  const run = new CrashRun({ cwd, origin, sink, source: 'txt', cores: 2, maxInFlight: 16 });
  const { child, ended } = run.fetch();
  await origin.sent(300);
  child.kill('SIGKILL');
  await ended;
  return run;
}

function overwrite(file: string, atBytes: number): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.alloc(PAGE_BYTES / 2, 0xa5), 0, PAGE_BYTES / 2, atBytes);
  closeSync(fd);
}

for (const sink of ['out', 'out.ndjson'] as const)
  test(`a journal whose last page is torn is believed up to there, and the run into ${sink} comes to its end`, async (t) => {
    const run = await killHalfway(t, sink);
    const log = join(run.record as string, 'journal.db-wal');
    assert.ok(existsSync(log), 'a killed run leaves its log');
    overwrite(log, statSync(log).size - PAGE_BYTES);
    const { code, stderr } = await run.resume().ended;
    assert.equal(code, 0, stderr);
    await run.assertWhole();
  });

test('a journal that is damaged within is refused, and nothing that was had is touched', async (t) => {
  const run = await killHalfway(t, 'out.ndjson');
  const { cwd } = run.options;
  // Folded into the file first, so that there is no log to repair it from.
  const stopped = run.resume();
  await run.options.origin.sent(400);
  stopped.child.kill('SIGTERM');
  await stopped.ended;
  const file = join(run.record as string, 'journal.db');
  const before = readFileSync(join(cwd, 'out.ndjson'));
  for (let page = 2; page * PAGE_BYTES < statSync(file).size; page += 3)
    overwrite(file, page * PAGE_BYTES + 100);
  const { code, stderr } = await run.resume().ended;
  assert.equal(code, 4, stderr);
  assert.match(stderr, /expected a whole journal, found a damaged one/u);
  assert.deepEqual(readFileSync(join(cwd, 'out.ndjson')), before);
});
