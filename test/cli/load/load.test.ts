import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runProgram } from '../../helpers/program.ts';
import { openCountingServer } from '../../load/load-world.ts';

const DEADLINE = { timeout: 60_000 };

const run = (args: readonly string[]) => runProgram(...args).ended;

function scratch(t: { after: (work: () => void) => void }): string {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-load-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test(
  'a load prints what was asked, sent and answered, and keeps record, Markdown and percentiles',
  DEADLINE,
  async (t) => {
    await using server = await openCountingServer();
    const directory = scratch(t);
    const files = ['json', 'markdown', 'hdr'].map((kind) => [`--${kind}`, join(directory, kind)]);
    const { code, stdout } = await run([
      'load',
      `${server.origin}/a`,
      '--requests=1001',
      '--connections=4',
      '--fail-if=p99Ms > 60000',
      ...files.flat(),
    ]);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /1,001 sent, 1,001 answered: 1,001 right, 0 wrong; 0 failed, 0 unanswered/);
    assert.match(stdout, /passed: p99Ms > 60000/);
    assert.equal(server.total, 1_001);
    const record = JSON.parse(readFileSync(join(directory, 'json'), 'utf8')) as {
      kind: string;
      tally: { right: number };
    };
    assert.deepEqual([record.kind, record.tally.right], ['load', 1_001]);
    assert.match(readFileSync(join(directory, 'markdown'), 'utf8'), /\| response time \| \S+ µ?m?s \|/);
    const hdr = readFileSync(join(directory, 'hdr'), 'utf8');
    assert.match(hdr, /^ +[\d.]+ 1\.000000000000 +1001$/mu);
    assert.match(hdr, /Total count {4}= +1001\]/);
  },
);

test('a rule that holds, and errors without one, are exit codes of their own', DEADLINE, async () => {
  await using server = await openCountingServer((_, response) => {
    response.statusCode = 404;
    response.end();
  });
  const base = ['load', server.origin, '--requests', '10', '--connections', '1'];
  assert.equal((await run(base)).code, 1);
  assert.equal((await run([...base, '--expect-status', '404'])).code, 0);
  const failed = await run([...base, '--fail-if', 'errorRatio > 0.5']);
  assert.equal(failed.code, 5);
  assert.match(failed.stdout, /FAILED: errorRatio > 0.5: is 1/);
});

test('all that is wrong is said at once, with exit code 2 and nothing sent', DEADLINE, async () => {
  await using server = await openCountingServer();
  const { code, stderr, stdout } = await run([
    'load',
    server.origin,
    'ftp://user:secret@x/',
    '--rate=0..500',
    '--weights=1',
    '--header=Host: x',
    '--http2',
    '--transport=wire',
  ]);
  assert.equal(code, 2);
  for (const part of ['--weights', 'an absolute http or https URL', '--rate', '--header', '--transport'])
    assert.ok(stderr.includes(part), `${part} in ${stderr}`);
  assert.ok(!stderr.includes('secret'));
  assert.deepEqual([stdout, server.total], ['', 0]);
});

test('Ctrl-C stops asking, waits for what is in flight and prints the account', DEADLINE, async () => {
  await using server = await openCountingServer();
  const program = runProgram('load', server.origin, '--duration', '50s', '--connections', '2');
  while (server.total < 10) await new Promise((resolve) => setImmediate(resolve));
  process.kill(program.pid, 'SIGINT');
  const { code, stdout } = await program.ended;
  assert.equal(code, 130);
  assert.match(stdout, /right answers over .*, stopped early/);
  assert.match(stdout, new RegExp(`${server.total.toLocaleString('en-US')} sent`));
});

test('the highest rate that keeps a rule is searched in steps, and kept as a record', DEADLINE, async (t) => {
  let freeMs = 0;
  // One request at a time, 5 ms each: 200 a second.
  await using server = await openCountingServer((_, response) => {
    const nowMs = performance.now();
    freeMs = Math.max(freeMs, nowMs) + 5;
    setTimeout(() => response.end(), freeMs - nowMs);
  });
  const file = join(scratch(t), 'knee.json');
  const { code, stdout } = await run([
    'load',
    server.origin,
    '--rate=50',
    '--duration=1s',
    '--find-knee=p99Ms < 400',
    `--json=${file}`,
  ]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /^50\/s for 1 s holds: /mu);
  const { kind, kneePerSec, steps } = JSON.parse(readFileSync(file, 'utf8')) as {
    kind: string;
    kneePerSec: number;
    steps: readonly unknown[];
  };
  assert.equal(kind, 'knee');
  // A service of 200/s keeps up with no more than that for long; in steps of a second a little more passes.
  assert.ok(kneePerSec >= 50 && kneePerSec <= 400, `${kneePerSec}`);
  assert.ok(steps.length >= 3);
});
