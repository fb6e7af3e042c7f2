import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { PAGES, renderPage, TABLE_NAMES, tablesOf } from '../../tools/make-pages.ts';

const read = (page: string) => readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8');

test('the tables of options, errors and failures are those of the code (npm run pages writes them)', () => {
  for (const page of PAGES) assert.equal(read(page), renderPage(read(page)), page);
});

test('every table of the code stands in one page', () => {
  const shown = PAGES.flatMap((page) => tablesOf(read(page)));
  assert.deepEqual(shown.toSorted(), [...TABLE_NAMES].toSorted());
});
