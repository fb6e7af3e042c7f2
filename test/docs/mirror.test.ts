// Tests mirror src: whoever reads a file finds its tests under the same path.

import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../helpers/program.ts';

/** What is tested as a whole, or is no part of src. */
const OTHERS = new Set([
  'benchmarks',
  'crash',
  'docs',
  'examples',
  'faults',
  'fetch',
  'helpers',
  'journey',
  'package',
  'profiles',
  'tools',
  'types',
]);

test('folders of test are those of src, and those that test something whole', () => {
  const rooms = readdirSync(join(ROOT, 'src'));
  for (const name of readdirSync(join(ROOT, 'test')))
    assert.ok(rooms.includes(name) || OTHERS.has(name), `test/${name} mirrors nothing`);
});

test('a test stands in the folder of the file or folder that it is named after, or of files that it imports', () => {
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT })) {
    const folder = dirname(file).replace(/^test\/?/, '');
    if (OTHERS.has(folder.split('/')[0] ?? '')) continue;
    assert.ok(existsSync(join(ROOT, 'src', folder)), `${file}: there is no src/${folder}`);
    if (existsSync(join(ROOT, 'src', file.replace(/^test\//, '').replace('.test.ts', '.ts')))) continue;
    if (basename(file).startsWith(basename(folder))) continue;
    const text = readFileSync(join(ROOT, file), 'utf8');
    const imports = Array.from(
      text.matchAll(/from '(\.{1,2}\/[a-z./-]+\.ts)'/g),
      ([, name]) => name as string,
    );
    const paths = imports.map((name) => join(ROOT, dirname(file), name));
    const helpers = paths.filter((path) => path.startsWith(join(ROOT, 'test')));
    const texts = [text, ...helpers.map((path) => readFileSync(path, 'utf8'))];
    assert.ok(
      texts.some((each) => each.includes(`/src/${folder}/`)),
      `${file} is about nothing in src/${folder}`,
    );
  }
});
