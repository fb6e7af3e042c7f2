import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../helpers/fetch-process.ts';
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
