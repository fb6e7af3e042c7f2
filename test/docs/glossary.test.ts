import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/glossary.md'), 'utf8');
const files = globSync('src/**/*.ts', { cwd: root });
const sources = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');

/** Rows of the table: the words, and the single back-quoted words that are not used for them. */
const rows = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \|([^|\n]*)\|$/gm)]
  .filter(([, word]) => word !== 'word')
  .map(([, words, , not]) => ({
    words: (words as string).split(',').map((word) => word.trim()),
    avoided: [...(not as string).matchAll(/`([a-z]+)`/g)].map(([, word]) => word as string),
  }));

/** Names that others meet: of files and of exports, split into their words. */
const names = new Set(
  [
    ...files.map((file) => basename(file, '.ts')),
    ...[...sources.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm)].map(
      ([, name]) => name as string,
    ),
  ].flatMap((name) =>
    name
      .replaceAll(/([a-z])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .split(/[-_]/),
  ),
);

test('the glossary has its words', () => {
  assert.ok(rows.length >= 30, `found ${rows.length} rows`);
});

test('a word has one row', () => {
  const words = rows.flatMap((row) => row.words);
  assert.deepEqual(
    words.filter((word, at) => words.indexOf(word) !== at),
    [],
  );
  assert.ok(words.includes('target'), 'the first row is read');
});

test('every word of the glossary is used in the code', () => {
  const unused = rows
    .flatMap(({ words }) => words)
    .filter((word) => {
      const pattern = new RegExp(word.replaceAll(' ', '[ -]?'), 'i');
      return !pattern.test(sources);
    });
  // Words of rooms that the page reserves before they are built.
  assert.deepEqual(unused, []);
});

test('no file and no export is named by a word the glossary avoids', () => {
  const found = rows.flatMap(({ avoided }) => avoided).filter((word) => names.has(word));
  assert.deepEqual(found, []);
});
