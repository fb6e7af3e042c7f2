import assert from 'node:assert/strict';
import { existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { RunStatus } from '../../src/model/run-journal.ts';
import { run, start, witness } from '../helpers/fetch-process.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const COUNT = 300;
const OPTIONS = ['--cores', '1', '--retries', '0', '--json'];

/** Of ten targets one is a 503, one a 404, and one loses its connection, until `world.isWell`. */
async function serveIll(t: TestContext, world: { isWell: boolean; delayMs?: number }) {
  return witness(t, (request, response) => {
    const number = Number(/\d+$/u.exec(request.url ?? '')?.[0]);
    setTimeout(() => {
      if (!world.isWell && number % 10 === 3) response.writeHead(503).end();
      else if (!world.isWell && number % 10 === 4) response.writeHead(404).end();
      else if (!world.isWell && number % 10 === 5) response.destroy();
      else response.end(`body ${number}`);
    }, world.delayMs ?? 0);
  });
}

const reportOf = (stdout: string) => JSON.parse(stdout) as FetchReport;
const failuresOf = (cwd: string) => {
  const file = join(cwd, 'out', '.spillway', 'failures.ndjson');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').length : 0;
};

test('retry fetches only what failed, by class, under the numbers and names it had; the list may be gone', async (t) => {
  const world = { isWell: false };
  const server = await serveIll(t, world);
  const cwd = scratchDirectory(t);
  const urls = Array.from({ length: COUNT }, (_, number) => `${server.origin}/f/${number}\n`);
  writeFileSync(join(cwd, 'list.txt'), `${urls.join('')}not a url\n`);
  const first = await run(t, cwd, ['fetch', 'list.txt', '--to', 'out', ...OPTIONS]);
  assert.equal(first.exitCode, 1);
  assert.deepEqual(reportOf(first.stdout).failures, {
    'http-status': 60,
    'connection-lost': 30,
    'bad-target': 1,
  });
  assert.equal(failuresOf(cwd), 91);
  const status = JSON.parse((await run(t, cwd, ['status', 'out', '--json'])).stdout) as RunStatus;
  assert.deepEqual([status.state, status.statuses], ['done', { '404': 30, '503': 30 }]);
  unlinkSync(join(cwd, 'list.txt'));

  const asked = server.total;
  const unheard = await run(t, cwd, ['retry', 'out', '--only', '5xxx,dsn']);
  assert.equal(unheard.exitCode, 2);
  assert.match(unheard.stderr, /--only: expected classes .*\(not "5xxx", "dsn"\), of .*dns, .*timeout/u);
  const none = await run(t, cwd, ['retry', 'out', '--only', 'dns,timeout', '--json']);
  assert.match(reportOf(none.stdout).findings.join(), /nothing to retry/u);
  assert.equal(server.total, asked);

  world.isWell = true;
  const second = await run(t, cwd, ['retry', 'out', '--only', '5xx', '--json']);
  assert.equal(second.exitCode, 1);
  assert.deepEqual(reportOf(second.stdout).failures, {
    'http-status': 30,
    'connection-lost': 30,
    'bad-target': 1,
  });
  assert.equal(server.total, asked + 30);
  world.isWell = false;
  const third = await run(t, cwd, ['retry', 'out', '--only', '404', '--json']);
  assert.deepEqual(reportOf(third.stdout).failures, {
    'http-status': 30,
    'connection-lost': 30,
    'bad-target': 1,
  });
  world.isWell = true;
  const fourth = await run(t, cwd, ['retry', 'out', '--json']);
  const report = reportOf(fourth.stdout);
  assert.deepEqual(
    [report.targets, report.ok, report.failures, report.renamed],
    [COUNT + 1, COUNT, { 'bad-target': 1 }, 0],
  );
  assert.equal(failuresOf(cwd), 1);
  for (let number = 0; number < COUNT; number++)
    assert.equal(readFileSync(join(cwd, 'out', String(number)), 'utf8'), `body ${number}`);

  writeFileSync(join(cwd, 'list.txt'), `${urls.join('')}${server.origin}/f/mended-1\n`);
  const mended = await run(t, cwd, ['fetch', 'list.txt', '--to', 'out', ...OPTIONS]);
  assert.equal(mended.exitCode, 0, mended.stderr);
  assert.deepEqual([reportOf(mended.stdout).ok, failuresOf(cwd)], [COUNT + 1, 0]);
});

test('a retry that is killed loses no failure: each is still one, or had', async (t) => {
  const world = { isWell: false, delayMs: 0 };
  const server = await serveIll(t, world);
  const cwd = scratchDirectory(t);
  await run(t, cwd, ['fetch', `${server.origin}/f/{0..${COUNT - 1}}`, '--to', 'out', ...OPTIONS]);
  Object.assign(world, { isWell: true, delayMs: 20 });
  const { child, ended } = start(t, cwd, ['retry', 'out', '--max-in-flight', '4']);
  await server.seen(server.total + 40);
  child.kill('SIGKILL');
  assert.equal((await ended).signal, 'SIGKILL');
  const { counts, state } = JSON.parse((await run(t, cwd, ['status', 'out', '--json'])).stdout) as RunStatus;
  assert.deepEqual([counts.ok + counts.failed, state], [COUNT, 'killed']);
  assert.ok(counts.failed >= 50 && counts.failed <= 90, `${counts.failed} failures are left`);
  const finished = reportOf((await run(t, cwd, ['retry', 'out', '--json'])).stdout);
  assert.deepEqual([finished.ok, finished.failed, finished.targets], [COUNT, 0, COUNT]);
  const last = JSON.parse((await run(t, cwd, ['status', 'out', '--json'])).stdout) as RunStatus;
  assert.deepEqual([last.state, last.targets, last.settledUpTo], ['done', COUNT, COUNT]);
});

test('a retry that finds nobody says so, and not that nothing was asked', async (t) => {
  const cwd = scratchDirectory(t);
  const options = ['--cores', '1', '--retries', '1'];
  const first = await run(t, cwd, ['fetch', 'http://127.0.0.1:1/z', '--to', 'out', ...options]);
  assert.equal(first.exitCode, 1, first.stderr);
  const again = await run(t, cwd, ['retry', 'out']);
  assert.equal(again.exitCode, 1, again.stderr);
  assert.match(again.stdout, /requests 0 · retries 1 /u);
  assert.match(again.stdout, /failed, connect-refused: 1/u);
  assert.doesNotMatch(again.stdout, /nothing was asked/u);
  const none = await run(t, cwd, ['retry', 'out', '--only', 'dns']);
  assert.match(none.stdout, /every target was settled before: nothing was asked/u);
});
