import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as library from '../../src/index.ts';
import { OPTIONAL_PACKAGES } from '../../src/model/missing-package.ts';
import { pageOf, publicNames, renderLibraryPage } from '../../tools/library-pages.ts';
import { ROOT } from '../helpers/program.ts';

const MOST_NAMES = 12;
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test('there are a dozen public names or fewer, and the code exports those', () => {
  const names = publicNames().map(({ name }) => name);
  assert.ok(names.length <= MOST_NAMES, `found ${names.length}`);
  for (const name of Object.keys(library)) assert.ok(names.includes(name), name);
});

test('each has a page, and each page a name', () => {
  const pages = readdirSync(join(ROOT, 'docs/library')).map((file) => `docs/library/${file}`);
  assert.deepEqual(pages.toSorted(), publicNames().map(pageOf).toSorted());
});

test('declarations on the pages are those of the code (npm run pages writes them)', () => {
  for (const name of publicNames()) {
    const page = read(pageOf(name));
    assert.match(page, /<!-- declaration -->\n```ts\n[^]+?\n```\n<!-- end -->/, name.name);
    assert.equal(page, renderLibraryPage(page, name), name.name);
  }
});

test('the overview names all of them, what an install brings, and only pages that exist', () => {
  const page = read('docs/library.md');
  for (const { name } of publicNames()) assert.ok(page.includes(`(library/${name}.md)`), name);
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  for (const name of [...Object.keys(dependencies), ...Object.keys(OPTIONAL_PACKAGES)])
    assert.ok(page.includes(name), name);
});

test('links of the pages lead somewhere', () => {
  for (const name of publicNames()) {
    for (const [, link = ''] of read(pageOf(name)).matchAll(/\]\(([^)]+)\)/g))
      assert.ok(existsSync(join(ROOT, 'docs/library', link)), `${name.name}: ${link}`);
  }
});
