import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../helpers/program.ts';

const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const ROW = /^\| (?<what>.+) \| (?<most>\d+) \| `(?<file>\S+)` `(?<name>\w+)` \|$/gmu;

test('every cap in docs/security.md is the one in the code', () => {
  const rows = [...page.matchAll(ROW)];
  assert.equal(rows.length, page.split('\n').filter((line) => line.includes('| `src/')).length);
  assert.ok(rows.length > 10);
  for (const { groups } of rows) {
    const { file = '', name = '', most = '' } = groups ?? {};
    const source = readFileSync(join(ROOT, file), 'utf8');
    const product = new RegExp(`const ${name} = ([\\d_ *]+);`, 'u').exec(source)?.[1];
    assert.ok(product !== undefined, `${name} in ${file}`);
    const value = product
      .replaceAll('_', '')
      .split(/(?<!\*) \* /u)
      .reduce((sum, factor) => {
        const [base, exponent = '1'] = factor.split(' ** ');
        return sum * Number(base) ** Number(exponent);
      }, 1);
    assert.equal(value, Number(most), name);
  }
});

test('every test that docs/security.md and SECURITY.md name is there', () => {
  const text = page + readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
  const names = [...text.matchAll(/`(test\/[\w/.-]+\.ts)`/gu)].map(([, name]) => name as string);
  assert.ok(names.length >= 4);
  for (const name of names) assert.ok(existsSync(join(ROOT, name)), name);
});
