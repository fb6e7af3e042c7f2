// The programs in Python that this one comes from, in words of our own: their clients against our server, on both of
// its paths, and our client against their servers.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startServer } from '../../src/server/cluster.ts';
import { start } from '../helpers/fetch-process.ts';
import { runPython, servePython, whyNoPython } from '../helpers/python-program.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const COUNT = 200;
const SUM = String((COUNT * (COUNT - 1)) / 2);
const WAYS = [
  ['requests', ['requests']],
  ['threads', ['requests']],
  ['aiohttp', ['aiohttp']],
] as const;

for (const lean of [false, true]) {
  const path = lean ? 'lean' : 'Fastify';
  for (const [way, modules] of WAYS) {
    test(`${way} in Python adds up the values of the ${path} server`, {
      skip: whyNoPython(...modules),
    }, async () => {
      await using server = await startServer({ lean, delayMs: 5, items: COUNT });
      assert.equal(await runPython('sum_values', way, server.origins[0] ?? '', String(COUNT)), SUM);
      const { trials } = await server.stats();
      assert.deepEqual([trials.answered, trials.distinct], [COUNT, COUNT]);
    });

    test(`${way} in Python keeps every file of the ${path} server under its id, and verify says so`, {
      skip: whyNoPython(...modules),
    }, async (t) => {
      await using server = await startServer({ lean, delayMs: 5 });
      const cwd = scratchDirectory(t);
      mkdirSync(join(cwd, 'files'));
      await runPython('keep_files', way, server.origins[0] ?? '', join(cwd, 'files'));
      assert.equal(readdirSync(join(cwd, 'files')).length, 25);
      const audit = await start(t, cwd, ['verify', 'files']).ended;
      assert.equal(audit.exitCode, 0, audit.stdout + audit.stderr);
      const { downloads } = await server.stats();
      assert.deepEqual([downloads.answered, downloads.distinct], [25, 25]);
    });
  }

  test(`plain fetch adds up the values of the ${path} server and reads its whole list`, async () => {
    await using server = await startServer({ lean, delayMs: 0, items: COUNT });
    const [origin = ''] = server.origins;
    const values = Array.from({ length: COUNT }, async (_, n) => {
      const answer = await fetch(`${origin}/${n}`);
      assert.equal(answer.headers.get('content-type'), 'application/json');
      return ((await answer.json()) as { value: number }).value;
    });
    const sum = (await Promise.all(values)).reduce((total, value) => total + value, 0);
    assert.equal(String(sum), SUM);
    const list = (await (await fetch(`${origin}/api/list_files`)).json()) as {
      data: Record<string, number>[];
    };
    const files = list.data.flatMap((entry) => Object.entries(entry));
    assert.equal(files.length, 25);
    for (const [id, number] of files) {
      const file = await fetch(`${origin}/api/download/${encodeURIComponent(id)}`);
      assert.equal(await file.text(), `${number + 1} of 25`);
    }
  });
}

for (const workers of [1, 2]) {
  test(`bench proves the answers of a FastAPI server with ${workers} worker(s)`, {
    skip: whyNoPython('fastapi', 'uvicorn'),
  }, async (t) => {
    const origin = await servePython(
      t,
      '../../../benchmarks/compare/python/slow_site',
      '0.05',
      String(workers),
    );
    const bench = await start(t, scratchDirectory(t), [
      'bench',
      '--trials',
      '500',
      '--origin',
      origin,
      '--connections',
      '100',
      '--delay',
      '50ms',
    ]).ended;
    assert.equal(bench.exitCode, 0, bench.stdout + bench.stderr);
    assert.match(bench.stdout, /computed value 124750 for 500 trials/u);
    assert.match(bench.stdout, /500 planned = 500 answered once/u);
  });
}

test('fetch downloads the list of a Flask server by the preset, and verify proves it', {
  skip: whyNoPython('flask'),
}, async (t) => {
  const origin = await servePython(t, 'list_site');
  const cwd = scratchDirectory(t);
  const args = ['fetch', '--preset', 'mock', '--list-api', `${origin}/api/list_files`, '--to', 'out'];
  const fetched = await start(t, cwd, args).ended;
  assert.equal(fetched.exitCode, 0, fetched.stdout + fetched.stderr);
  assert.match(fetched.stdout, /25 targets = 25 ok/u);
  const audit = await start(t, cwd, ['verify', 'out']).ended;
  assert.equal(audit.exitCode, 0, audit.stdout + audit.stderr);
});

test('verify takes files that are named by an id with or without .txt, and names a missing one', async (t) => {
  const cwd = scratchDirectory(t);
  mkdirSync(join(cwd, 'files'));
  for (let number = 1; number <= 25; number++)
    writeFileSync(join(cwd, 'files', `id-${number}${number % 2 === 0 ? '.txt' : ''}`), `${number} of 25`);
  assert.equal((await start(t, cwd, ['verify', 'files']).ended).exitCode, 0);
  writeFileSync(join(cwd, 'files', 'id-7'), '8 of 25');
  const audit = await start(t, cwd, ['verify', 'files']).ended;
  assert.equal(audit.exitCode, 1, audit.stdout);
  assert.match(audit.stdout, /8 of 25 is there twice/u);
});
