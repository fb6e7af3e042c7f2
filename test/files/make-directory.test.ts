import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeDirectory } from '../../src/files/make-directory.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

test('a directory is made with all those above it, and once more is no error', (t) => {
  const path = join(scratchDirectory(t), 'a/b/c');
  makeDirectory(path);
  makeDirectory(`${path}/`);
  makeDirectory('/');
  assert.ok(statSync(path).isDirectory());
});

test('a link to a directory will do, and a file in the way will not', (t) => {
  const root = scratchDirectory(t);
  symlinkSync(root, join(root, 'link'));
  makeDirectory(join(root, 'link/a'));
  assert.ok(existsSync(join(root, 'a')));
  writeFileSync(join(root, 'file'), '');
  assert.throws(() => makeDirectory(join(root, 'file')), { code: 'EEXIST' });
  assert.throws(() => makeDirectory(join(root, 'file/below')), { code: 'ENOTDIR' });
});

const HAS_PROC = existsSync('/proc/self/stat');

test('a place that takes no directories is refused, and does not go round for ever', {
  skip: !HAS_PROC && 'needs /proc',
}, () => {
  const file = new URL('../../src/files/make-directory.ts', import.meta.url).href;
  const code = `const { makeDirectory } = await import('${file}');
    try { makeDirectory('/proc/spillway/a/b'); } catch (error) { console.log(error.code, error.message); }`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(signal, null, 'it ended by itself');
  assert.match(stdout, /^ENOTSUP .*takes no new directories/);
});
