import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { FetchReport } from '../../src/model/fetch-report.ts';
import type { RunStatus } from '../../src/model/run-journal.ts';
import { run, runWithSmallFiles, start, type Witness, witness } from '../helpers/fetch-process.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const COUNT = 1200;
const IN_FLIGHT = 16;
/** One worker's answers on their way to the journal: it sends them in groups of at most so many. */
const ON_THE_WAY = 64;
const OPTIONS = ['--cores', '1', '--max-in-flight', String(IN_FLIGHT), '--retries', '0', '--json'];

const bodyOf = (path: string) => `body of ${path}\n`;

/** Answers each path with a body of its own, a moment later. */
async function serveBodies(t: TestContext, delayMs = 4): Promise<Witness> {
  return witness(t, (request, response) => {
    setTimeout(() => response.end(bodyOf(request.url ?? '')), delayMs);
  });
}

/** Starts the program and kills it, with no word of warning, when the server has seen `count` more requests. */
async function killAfter(
  t: TestContext,
  { cwd, args, stdin = '' }: { cwd: string; args: readonly string[]; stdin?: string },
  { server, count }: { server: Witness; count: number },
): Promise<void> {
  const { child, ended } = start(t, cwd, args, stdin);
  await server.seen(server.total + count);
  child.kill('SIGKILL');
  assert.equal((await ended).signal, 'SIGKILL');
}

const reportOf = (stdout: string) => JSON.parse(stdout) as FetchReport;
const statusOf = async (t: TestContext, cwd: string, output: string) =>
  JSON.parse((await run(t, cwd, ['status', output, '--json'])).stdout) as RunStatus;

function assertAllThere(directory: string, count = COUNT): void {
  for (let number = 0; number < count; number++)
    assert.equal(readFileSync(join(directory, String(number)), 'utf8'), bodyOf(`/f/${number}`));
  assert.equal(readdirSync(directory).filter((name) => name !== '.spillway').length, count);
}

test('killed at any moment and typed again: nothing is lost, and no more than was in flight is asked for twice', async (t) => {
  const server = await serveBodies(t);
  const cwd = scratchDirectory(t);
  const args = ['fetch', `${server.origin}/f/{0..${COUNT - 1}}`, '--to', 'out', ...OPTIONS];
  const killCount = 3;
  for (let kill = 0; kill < killCount; kill++) {
    const count = 50 + Math.floor(Math.random() * 200);
    await killAfter(t, { cwd, args }, { server, count });
    const status = await statusOf(t, cwd, 'out');
    assert.equal(status.state, 'killed', `killed after ${count}`);
    assert.equal(status.counts.settled, status.counts.ok);
    assert.ok(status.counts.settled <= server.total);
  }
  const ended = await run(t, cwd, args);
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.match(ended.stderr, /going on with the run in out/u);
  const report = reportOf(ended.stdout);
  assert.deepEqual([report.targets, report.ok, report.failed, report.skipped], [COUNT, COUNT, 0, 0]);
  assert.ok(report.before.settled > 0 && report.before.settled < COUNT);
  assertAllThere(join(cwd, 'out'));
  assert.equal(server.counts.size, COUNT);
  const again = server.total - COUNT;
  assert.ok(again <= killCount * (IN_FLIGHT + ON_THE_WAY), `${again} requests were made again`);
  const status = await statusOf(t, cwd, 'out');
  assert.deepEqual([status.state, status.targets, status.sessions.length], ['done', COUNT, killCount + 1]);

  const before = server.total;
  const finished = await run(t, cwd, args);
  assert.equal(finished.exitCode, 0);
  assert.match(finished.stderr, /already complete: 1,200 of 1,200/u);
  assert.equal(server.total, before);
});

test('without a place the same command goes on with what was not finished, begins anew after it, and at once with --new', async (t) => {
  const server = await serveBodies(t);
  const cwd = scratchDirectory(t);
  const args = ['fetch', `${server.origin}/f/{0..199}`, ...OPTIONS];
  const results = () => readdirSync(join(cwd, 'results'));
  await killAfter(t, { cwd, args }, { server, count: 60 });
  const other = await run(t, cwd, ['fetch', `${server.origin}/other/{0..3}`, ...OPTIONS]);
  assert.equal(other.exitCode, 0);
  assert.equal(results().length, 2);
  const ended = await run(t, cwd, args);
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.match(ended.stderr, /going on with the run in results\/.*; --new begins another/u);
  assert.equal(reportOf(ended.stdout).ok, 200);
  assert.equal(results().length, 2);
  assertAllThere(join(cwd, 'results', results()[0] as string), 200);
  assert.equal(reportOf((await run(t, cwd, args)).stdout).before.settled, 0, 'a finished run is done again');
  assert.equal(results().length, 3);
  await killAfter(t, { cwd, args }, { server, count: 60 });
  assert.equal(reportOf((await run(t, cwd, [...args, '--new'])).stdout).before.settled, 0);
  assert.equal(results().length, 5);
});

test('resume goes on from anywhere with what was typed then; what holds a credential is not kept and asked for', async (t) => {
  const server = await witness(t, (request, response) => {
    const isKnown = request.headers['authorization'] === 'Bearer hush-hush-hush';
    setTimeout(() => response.writeHead(isKnown ? 200 : 401).end(bodyOf(request.url ?? '')), 4);
  });
  const cwd = scratchDirectory(t);
  writeFileSync(
    join(cwd, 'list.txt'),
    Array.from({ length: 200 }, (_, number) => `${server.origin}/f/${number}\n`).join(''),
  );
  const header = ['--header', 'Authorization: Bearer hush-hush-hush'];
  const args = ['fetch', 'list.txt', '--to', 'out', '--name', '{name}', ...header, ...OPTIONS];
  await killAfter(t, { cwd, args }, { server, count: 60 });
  const record = join(cwd, 'out', '.spillway');
  for (const name of readdirSync(record).filter((name) => name !== 'partial'))
    assert.ok(!readFileSync(join(record, name)).includes('hush-hush'), `${name} holds the credential`);

  const elsewhere = scratchDirectory(t);
  const refused = await run(t, elsewhere, ['resume', join(cwd, 'out')]);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /--header: .* not kept: give it again/u);
  const ended = await run(t, elsewhere, ['resume', join(cwd, 'out'), ...header, '--json']);
  assert.equal(ended.exitCode, 0, ended.stderr);
  assert.deepEqual([reportOf(ended.stdout).ok, reportOf(ended.stdout).targets], [200, 200]);
  assertAllThere(join(cwd, 'out'), 200);
});

test('another source or option is refused with what differs, another line with its number', async (t) => {
  const server = await serveBodies(t);
  const cwd = scratchDirectory(t);
  const list = (numbers: readonly (number | string)[]) =>
    numbers.map((number) => `${server.origin}/f/${number}\n`).join('');
  const numbers: (number | string)[] = Array.from({ length: 300 }, (_, number) => number);
  writeFileSync(join(cwd, 'list.txt'), list(numbers));
  const args = ['fetch', 'list.txt', '--to', 'out', ...OPTIONS];
  await killAfter(t, { cwd, args }, { server, count: 100 });
  const total = server.total;

  const other = await run(t, cwd, ['fetch', `${server.origin}/f/{0..9}`, '--to', 'out', '--dedupe']);
  assert.equal(other.exitCode, 2);
  assert.match(
    other.stderr,
    /source 1: expected ".*list\.txt", as the run there was begun with, found "http/u,
  );
  assert.match(other.stderr, /--dedupe: expected none, as the run there was begun with, found "of 4000000"/u);

  writeFileSync(join(cwd, 'list.txt'), list(numbers.with(2, 'new')));
  const moved = await run(t, cwd, args);
  assert.equal(moved.exitCode, 2, moved.stderr);
  assert.match(
    moved.stderr,
    /list\.txt line 3: expected ".*\/f\/2", as the run was begun with, found ".*\/f\/new"/u,
  );

  writeFileSync(join(cwd, 'list.txt'), list(numbers.slice(0, 10)));
  assert.match((await run(t, cwd, args)).stderr, /list\.txt: expected \d+ items or more/u);
  assert.equal(server.total, total, 'nothing was asked for');

  writeFileSync(join(cwd, 'list.txt'), list([...numbers, 300, 301]));
  const longer = await run(t, cwd, args);
  assert.equal(longer.exitCode, 0, longer.stderr);
  assert.equal(reportOf(longer.stdout).ok, 302);
});

test('a list from a pipe is piped again: the same goes on, another is refused at the line that differs', async (t) => {
  const server = await serveBodies(t);
  const cwd = scratchDirectory(t);
  const stdin = Array.from({ length: 300 }, (_, number) => `${server.origin}/f/${number}\n`).join('');
  const args = ['fetch', '-', '--to', 'out', ...OPTIONS];
  await killAfter(t, { cwd, args, stdin }, { server, count: 100 });
  const other = await run(t, cwd, ['resume', 'out'], stdin.replace('/f/1\n', '/f/one\n'));
  assert.equal(other.exitCode, 2);
  assert.match(other.stderr, /standard input line 2: expected/u);
  const ended = await run(t, cwd, ['resume', 'out', '--json'], stdin);
  assert.equal(ended.exitCode, 0, ended.stderr);
  assertAllThere(join(cwd, 'out'), 300);
});

test('a second process is refused while the first is at work, and not a moment longer', async (t) => {
  const server = await serveBodies(t, 40);
  const cwd = scratchDirectory(t);
  const args = ['fetch', `${server.origin}/f/{0..${COUNT - 1}}`, '--to', 'out', ...OPTIONS];
  const first = start(t, cwd, args);
  await server.seen(50);
  const second = await run(t, cwd, args);
  assert.equal(second.exitCode, 2);
  assert.match(second.stderr, /found another process at it/u);
  const status = await statusOf(t, cwd, 'out');
  assert.deepEqual([status.state, status.pid], ['running', first.child.pid]);
  first.child.kill('SIGTERM');
  const ended = await first.ended;
  assert.equal(ended.exitCode, 130);
  const stopped = reportOf(ended.stdout);
  assert.equal(stopped.ended, 'stopped');
  const { state, counts } = await statusOf(t, cwd, 'out');
  assert.deepEqual([state, counts.settled], ['stopped', stopped.ok]);
  const third = await run(t, cwd, ['resume', 'out', '--json']);
  assert.equal(third.exitCode, 0, third.stderr);
  assertAllThere(join(cwd, 'out'));
  assert.equal(server.total, COUNT, 'a run that was asked to stop repeats nothing');
});

test('a journal that cannot grow ends the run, says what to do, and what was settled stays settled', async (t) => {
  const server = await serveBodies(t, 0);
  const cwd = scratchDirectory(t);
  const args = ['fetch', `${server.origin}/f/{0..${4 * COUNT - 1}}`, '--to', 'out', ...OPTIONS];
  const full = await runWithSmallFiles(t, cwd, args, 300);
  assert.equal(full.exitCode, 4, full.stderr);
  const broken = reportOf(full.stdout);
  assert.equal(broken.ended, 'broken');
  assert.match(
    broken.problem ?? '',
    /could not write .*journal\.db: .*free .*, then resume.*settled stays settled/u,
  );
  const { counts, state } = await statusOf(t, cwd, 'out');
  assert.ok(counts.ok > 0 && counts.ok < 4 * COUNT);
  assert.equal(counts.ok, broken.ok);
  assert.notEqual(state, 'done');
  const asked = server.total;
  const ended = await run(t, cwd, ['resume', 'out', '--json']);
  assert.equal(ended.exitCode, 0, ended.stderr);
  const report = reportOf(ended.stdout);
  assert.deepEqual([report.ok, report.before.settled], [4 * COUNT, counts.settled]);
  assert.equal(server.total - asked, 4 * COUNT - counts.settled);
  assertAllThere(join(cwd, 'out'), 4 * COUNT);
});
