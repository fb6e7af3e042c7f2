import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { run, witness } from '../helpers/fetch-process.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

test('a column 0 is misuse, and leaves nothing', async (t) => {
  const cwd = scratchDirectory(t);
  writeFileSync(join(cwd, 'list.csv'), 'id,url\n1,http://127.0.0.1:1/\n');
  const { exitCode, stdout, stderr } = await run(t, cwd, [
    'fetch',
    'list.csv',
    '--field',
    '0',
    '--to',
    'out',
  ]);
  assert.deepEqual([exitCode, stdout], [2, '']);
  assert.match(
    stderr,
    /^spillway: --field: expected the name of a column of list\.csv, or its number from 1/u,
  );
  assert.deepEqual(readdirSync(cwd), ['list.csv']);
});

test('a directory is no list: misuse, and leaves nothing', async (t) => {
  const cwd = scratchDirectory(t);
  mkdirSync(join(cwd, 'lists'));
  const { exitCode, stdout, stderr } = await run(t, cwd, ['fetch', 'lists', '--to', 'out']);
  assert.deepEqual([exitCode, stdout], [2, '']);
  assert.match(
    stderr,
    /^spillway: source: expected .* a readable list, .* found "lists" \(a directory\)\n$/u,
  );
  assert.deepEqual(readdirSync(cwd), ['lists']);
});

test('a column that the list does not have is misuse, and leaves nothing', async (t) => {
  for (const output of [['--to', 'out'], ['--to', 'out.ndjson'], []]) {
    const cwd = scratchDirectory(t);
    writeFileSync(join(cwd, 'list.csv'), 'id,link\n1,http://127.0.0.1:1/a\n');
    const wrong = await run(t, cwd, ['fetch', 'list.csv', '--field', 'nope', ...output]);
    assert.deepEqual([wrong.exitCode, wrong.stdout], [2, '']);
    assert.match(
      wrong.stderr,
      /spillway: --field: expected the name of a column of list\.csv, .* found "nope": in its first row are id, link\n$/u,
    );
    const left = readdirSync(cwd, { recursive: true }).filter((name) => name !== 'list.csv');
    assert.deepEqual(left, output.length === 0 ? ['results'] : []);
  }
});

test('a run that could not read its list is begun anew by the command that is right', async (t) => {
  const server = await witness(t, (_, response) => void response.end('body'));
  for (const to of ['out', 'out.ndjson']) {
    const cwd = scratchDirectory(t);
    const record = to === 'out' ? 'out/.spillway' : 'out.ndjson.run';
    const list = `id,link\n1,${server.origin}/a\n2,${server.origin}/b\n`;
    // It says that it is packed, and ends before it has begun.
    writeFileSync(join(cwd, 'list.csv'), gzipSync(list).subarray(0, 12));
    const fetch = (field: string) =>
      run(t, cwd, ['fetch', 'list.csv', '--to', to, '--field', field, '--cores', '1']);
    const wrong = await fetch('nope');
    assert.equal(wrong.exitCode, 4, wrong.stderr);
    assert.match(wrong.stdout, /list\.csv: /u);
    writeFileSync(join(cwd, 'list.csv'), list);

    // A body that was stored, and not recorded when its process died, has the name that it had in that run.
    const claim = join(cwd, record, 'partial', 'claims-0-0');
    mkdirSync(dirname(claim), { recursive: true });
    writeFileSync(claim, '');
    const refused = await fetch('link');
    assert.equal(refused.exitCode, 2);
    assert.match(refused.stderr, /--field: expected "nope", as the run there was begun with, found "link"/u);
    rmSync(claim);

    const right = await fetch('link');
    assert.equal(right.exitCode, 0, right.stderr);
    assert.doesNotMatch(right.stderr, /going on with/u);
    assert.equal((await run(t, cwd, ['verify', to])).exitCode, 0);
    const again = await run(t, cwd, ['resume', to]);
    assert.match(again.stdout, /already complete: 2 of 2/u, 'its command is the one that was right');
    assert.equal((await fetch('id')).exitCode, 2, 'something is settled now');
  }
  assert.equal(server.total, 4);
});
