import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { profileOfStacks } from '../../profiles/flame-stacks.ts';
import { type CpuProfile, mergeSelfTimes, selfTimesMarkdown } from '../../profiles/self-times.ts';
import { startServer } from '../../src/server/cluster.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

function frame(functionName: string, url: string, lineNumber = 0) {
  return { functionName, url, lineNumber };
}

suite('self times of several threads', () => {
  const engine = 'file:///house/dist/workers/trial/trial-run.js';
  const thread: CpuProfile = {
    nodes: [
      { id: 1, callFrame: frame('(root)', ''), children: [2, 5, 6] },
      { id: 2, callFrame: frame('send', engine, 9), children: [3] },
      { id: 3, callFrame: frame('write', 'file:///house/node_modules/undici/lib/a.js', 4), children: [4] },
      { id: 4, callFrame: frame('send', engine, 9) },
      { id: 5, callFrame: frame('(idle)', '') },
      { id: 6, callFrame: frame('(garbage collector)', '') },
    ],
    samples: [2, 3, 4, 5, 6],
    timeDeltas: [100, 200, 300, 10_000, 50],
  };

  test('times of threads are added, idle time is left out', () => {
    const { functions, busyUs, byOwner } = mergeSelfTimes([thread, thread], '/house/');
    assert.equal(busyUs, 1300);
    assert.deepEqual(
      functions.filter(({ selfUs }) => selfUs > 0).map(({ name, selfUs }) => [name, selfUs]),
      [
        ['send', 800],
        ['write', 400],
        ['(garbage collector)', 100],
      ],
    );
    assert.deepEqual([byOwner.get('engine'), byOwner.get('undici')], [800, 400]);
  });

  test('a function that calls itself counts once in its total', () => {
    const send = mergeSelfTimes([thread], '/house/').functions.find(({ name }) => name === 'send');
    assert.equal(send?.totalUs, 600);
    assert.equal(send?.where, 'dist/workers/trial/trial-run.js:10');
  });

  test('samples of a flame graph become the same table, native frames at their caller', () => {
    const js = (name: string) => ({ name, type: 'JS' });
    const profile = profileOfStacks([
      [js(`send ${engine}:10:3`), { name: '/bin/node', type: 'SHARED_LIB' }],
      [js(`send ${engine}:10:3`), js('write /house/node_modules/undici/lib/a.js:5:1')],
      [{ name: '/bin/node', type: 'SHARED_LIB' }],
    ]);
    const { functions } = mergeSelfTimes([profile], '/house/');
    assert.deepEqual(
      functions.map(({ name, owner, selfUs }) => [name, owner, selfUs]),
      [
        ['(no JavaScript)', 'native', 1000],
        ['send', 'engine', 1000],
        ['write', 'undici', 1000],
      ],
    );
  });
});

test('a profile of a real run has a file a thread and names the functions of the engine', async () => {
  const out = mkdtempSync(join(tmpdir(), 'spillway-profile-'));
  try {
    await using server = await startServer({ items: 40_000, delayMs: 0 });
    const bench = ['bench', '--trials', '40000', '--cores', '2', '--delay', '0', '--transport', 'wire'];
    const profiler = ['--cpu-prof', '--cpu-prof-dir', out, join(root, 'src/cli/main.ts')];
    // Enough answers for some hundred samples of the engine, however slow the machine is.
    bench.push('--family', 'pipelined', '--origin', String(server.origins[0]));
    await promisify(execFile)(process.execPath, [...profiler, ...bench]);
    const files = readdirSync(out).filter((name) => name.endsWith('.cpuprofile'));
    assert.equal(files.length, 3, 'the main thread and two workers');
    const profiles = files.map((name) => JSON.parse(readFileSync(join(out, name), 'utf8')) as CpuProfile);
    const merged = mergeSelfTimes(profiles, root);
    const engine = merged.functions.filter(
      ({ owner, where }) => owner === 'engine' && where.startsWith('src/workers/'),
    );
    const hottest = new Set(engine.filter(({ selfUs }) => selfUs > 0).map(({ name }) => name));
    assert.ok(hottest.size >= 5, [...hottest].join(', '));
    const total = (name: string) =>
      Math.max(...engine.filter((each) => each.name === name).map(({ totalUs }) => totalUs));
    // Everything a worker does happens below its entry, and dispatching is part of it.
    assert.ok(total('runTrials') > 0 && total('#dispatchNext') > 0, [...hottest].join(', '));
    assert.match(selfTimesMarkdown(merged, 500), /#dispatchNext/);
  } finally {
    rmSync(out, { recursive: true });
  }
});
