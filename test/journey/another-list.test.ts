import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { RunStatus } from '../../src/model/run-journal.ts';
import { run, start, type Witness, witness } from '../helpers/fetch-process.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const OPTIONS = ['--cores', '1', '--max-in-flight', '16', '--retries', '0'];

/** What the record says, as far as a refused command must not change it. */
async function standing(t: TestContext, cwd: string): Promise<unknown> {
  const status = JSON.parse((await run(t, cwd, ['status', 'out', '--json'])).stdout) as RunStatus;
  const { state, targets, counts, sessions } = status;
  return { state, targets, counts, sessions };
}

const lines = (server: Witness, names: readonly (number | string)[]) =>
  names.map((name) => `${server.origin}/f/${name}\n`).join('');
const answerLater = (t: TestContext) =>
  witness(t, (request, response) => {
    setTimeout(() => response.end(`body of ${request.url}`), 4);
  });

test('a run that is done stays done when it is given another list', async (t) => {
  const server = await answerLater(t);
  const cwd = scratchDirectory(t);
  const report = () => readFileSync(join(cwd, 'out', '.spillway', 'report.json'), 'utf8');
  const list = join(cwd, 'list.txt');
  const args = ['fetch', 'list.txt', '--to', 'out', ...OPTIONS];
  writeFileSync(list, lines(server, ['a', 'b', 'c']));
  assert.equal((await run(t, cwd, args)).exitCode, 0);
  const before = [await standing(t, cwd), report()];
  assert.equal((await run(t, cwd, ['verify', 'out'])).exitCode, 0);

  writeFileSync(list, lines(server, ['a', 'b']));
  const shorter = await run(t, cwd, args);
  assert.equal(shorter.exitCode, 2, shorter.stderr);
  assert.match(shorter.stderr, /list\.txt: expected 3 items or more, .* found 2/u);
  assert.deepEqual([await standing(t, cwd), report()], before);

  writeFileSync(list, lines(server, ['a', 'other', 'c', 'd']));
  const changed = await run(t, cwd, ['resume', 'out']);
  assert.equal(changed.exitCode, 2, changed.stderr);
  assert.match(changed.stderr, /list\.txt line 2: expected/u);
  assert.deepEqual([await standing(t, cwd), report()], before);

  assert.equal((await run(t, cwd, ['verify', 'out'])).exitCode, 0);
  const retried = await run(t, cwd, ['retry', 'out']);
  assert.doesNotMatch(retried.stdout, /did not come to its end/u);
  writeFileSync(list, lines(server, ['a', 'b', 'c']));
  const again = await run(t, cwd, args);
  assert.match(again.stdout, /already complete: 3 of 3/u);
  assert.equal(server.total, 3);
});

test('a run of standard input that is done stays done when it is resumed without any', async (t) => {
  const server = await answerLater(t);
  const cwd = scratchDirectory(t);
  const first = await run(t, cwd, ['fetch', '-', '--to', 'out', ...OPTIONS], lines(server, ['a', 'b']));
  assert.equal(first.exitCode, 0, first.stderr);
  const before = await standing(t, cwd);
  const resumed = await run(t, cwd, ['resume', 'out'], '');
  assert.equal(resumed.exitCode, 2, resumed.stderr);
  assert.match(resumed.stderr, /standard input: expected 2 items or more, .* found 0/u);
  assert.deepEqual(await standing(t, cwd), before);
});

test('a run that was killed asks for nothing of another list, and stays as it was', async (t) => {
  const slow = new Set(['/f/3', '/f/5']);
  const held: (() => void)[] = [];
  const server = await witness(t, (request, response) => {
    // They stay open below what is settled: another list is to be noticed before they are asked for again.
    const answer = () => void response.end(`body of ${request.url}`);
    if (slow.has(request.url ?? '')) held.push(answer);
    else setTimeout(answer, 2);
  });
  const cwd = scratchDirectory(t);
  const list = join(cwd, 'list.txt');
  const numbers = Array.from({ length: 1000 }, (_, number) => number);
  const args = ['fetch', 'list.txt', '--to', 'out', ...OPTIONS];
  writeFileSync(list, lines(server, numbers));
  const { child, ended } = start(t, cwd, args);
  await server.seen(400);
  child.kill('SIGKILL');
  await ended;
  slow.clear();
  const asked = server.total;
  const before = await standing(t, cwd);

  writeFileSync(list, lines(server, numbers.slice(0, 100)));
  const shorter = await run(t, cwd, args);
  assert.equal(shorter.exitCode, 2, shorter.stderr);
  assert.match(shorter.stderr, /expected \d+ items or more/u);
  writeFileSync(list, lines(server, numbers.with(100, -1)));
  const changed = await run(t, cwd, args);
  assert.equal(changed.exitCode, 2, changed.stderr);
  assert.match(changed.stderr, /list\.txt line 101: expected/u);
  assert.equal(server.total, asked);
  assert.deepEqual(await standing(t, cwd), before);

  writeFileSync(list, lines(server, numbers));
  const whole = await run(t, cwd, args);
  assert.equal(whole.exitCode, 0, whole.stderr);
  assert.equal(server.counts.size, numbers.length);
});

test('another list that is noticed only after something was asked breaks the run', async (t) => {
  const cwd = scratchDirectory(t);
  const list = join(cwd, 'list.txt');
  // More lines that were mended than wait for the comparison; the first makes it a list of URLs.
  const first = 'http://127.0.0.1:1/first\n';
  const paths = Array.from({ length: 67_000 }, (_, number) => `/f/${number}\n`);
  const args = ['fetch', 'list.txt', '--to', 'out', '--retries', '0', '--no-adaptive', '--quiet'];
  writeFileSync(list, first + paths.join(''));
  assert.equal((await run(t, cwd, args)).exitCode, 1);
  writeFileSync(
    list,
    first +
      paths
        .slice(0, 66_500)
        .map((path) => `http://127.0.0.1:1${path}`)
        .join(''),
  );
  const shorter = await run(t, cwd, args);
  assert.equal(shorter.exitCode, 4, shorter.stderr);
  assert.match(shorter.stderr, /broken: list\.txt: expected 67001 items or more, .* found 66501/u);
});
