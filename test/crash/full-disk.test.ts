import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import { CrashOrigin } from './crash-origin.ts';
import { CrashRun, type CrashRunOptions } from './crash-run.ts';

/** A file system of a test's own, or why there can be none. */
function whyNoMount(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting takes root on Linux';
  try {
    execFileSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'pipe' });
    return false;
  } catch (error) {
    return `nothing can be mounted here: ${(error as Error).message.split('\n').at(-2)}`;
  }
}

const SKIP = { skip: whyNoMount() };

interface Disk {
  readonly path: string;
  remount(options: string): void;
}

function mountDisk(t: TestContext, options: string): Disk {
  const path = mkdtempSync(join(tmpdir(), 'spillway-test-'));
  const mount = (...parts: string[]) => execFileSync('mount', [...parts, path], { stdio: 'pipe' });
  mount('-t', 'tmpfs', '-o', options, 'none');
  t.after(() => {
    execFileSync('umount', ['-l', path], { stdio: 'pipe' });
    rmdirSync(path);
  });
  return { path, remount: (changed) => mount('-o', `remount,${changed}`) };
}

async function startOrigin(t: TestContext): Promise<CrashOrigin> {
  const origin = new CrashOrigin({ count: 300, delayMs: 2, largeBytes: 90_000, sameNameEvery: 50 });
  await origin.start();
  t.after(() => origin.stop());
  return origin;
}

/** A run of a template into a file or directory there. */
function runOn(
  disk: Disk,
  origin: CrashOrigin,
  sink: CrashRunOptions['sink'],
  changes: Partial<CrashRunOptions> = {},
): CrashRun {
  return new CrashRun({
    cwd: disk.path,
    origin,
    sink,
    source: 'template',
    cores: 2,
    maxInFlight: 16,
    ...changes,
  });
}

/** The run ends as broken with `message`; once there is room it comes to its end. */
async function assertGoesOn(run: CrashRun, message: RegExp, free: () => void): Promise<void> {
  const full = await run.fetch().ended;
  assert.equal(full.code, 4, full.stderr);
  const report = JSON.parse(full.stdout) as FetchReport;
  assert.equal(report.ended, 'broken');
  assert.match(report.problem ?? '', message);
  assert.equal(report.targets, report.ok + report.failed + report.skipped);
  assert.equal(report.failed, 0, 'a full disk is no fault of a target');
  const settled = run.settled();
  assert.equal(settled.length, report.ok, 'what was counted is journaled');
  for (const number of settled) run.options.origin.settled.add(number);
  free();
  const { code, stderr } = await run.resume().ended;
  assert.equal(code, 0, stderr);
  await run.assertWhole();
}

for (const sink of ['out', 'out.ndjson', 'out.warc.gz', 'out.tar'] as const)
  test(
    `a disk that is full ends a run into ${sink} with what to free, and resume goes on`,
    SKIP,
    async (t) => {
      const disk = mountDisk(t, 'size=900k');
      const origin = await startOrigin(t);
      const run = runOn(disk, origin, sink);
      // gzip makes little of these bodies: what it leaves has to be too much as well.
      if (sink.endsWith('.gz')) writeFileSync(join(disk.path, 'filler'), Buffer.alloc(740_000));
      await assertGoesOn(run, /disk is full.*free space/u, () => disk.remount('size=64m'));
    },
  );

test('when no inode is left, the run says so instead of asking for space', SKIP, async (t) => {
  const disk = mountDisk(t, 'size=64m,nr_inodes=150');
  const origin = await startOrigin(t);
  const run = runOn(disk, origin, 'out');
  await assertGoesOn(run, /inode/u, () => disk.remount('nr_inodes=10000'));
});

test('space that comes back only after another file is removed is enough', SKIP, async (t) => {
  const disk = mountDisk(t, 'size=8m');
  const filler = join(disk.path, 'filler');
  writeFileSync(filler, Buffer.alloc(7_000_000));
  const origin = await startOrigin(t);
  const run = runOn(disk, origin, 'out.ndjson', { cores: 1 });
  await assertGoesOn(run, /disk is full/u, () => rmSync(filler));
});

test(
  'on a file system that is read-only a run can be verified and not resumed, and goes on when it is writable again',
  SKIP,
  async (t) => {
    const disk = mountDisk(t, 'size=64m');
    const origin = await startOrigin(t);
    const run = runOn(disk, origin, 'out', { maxInFlight: 8 });
    const { child, ended } = run.fetch();
    await origin.sent(100);
    child.kill('SIGTERM');
    assert.equal((await ended).code, 130);
    disk.remount('ro');
    const report = await run.verify();
    assert.deepEqual([report.isComplete, report.right], [false, run.settled().length]);
    const refused = await run.resume().ended;
    assert.equal(refused.code, 2, refused.stderr);
    assert.match(refused.stderr, /read-?only/iu);
    disk.remount('rw');
    for (const number of run.settled()) origin.settled.add(number);
    const { code, stderr } = await run.resume().ended;
    assert.equal(code, 0, stderr);
    await run.assertWhole();
  },
);
