// The changelog: one part a version, the newest first, none later than the manifest's.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../helpers/program.ts';

const numberOf = (version: string) =>
  version.split('.').reduce((sum, part) => sum * 1_000_000 + Number(part), 0);

test('parts of the changelog are Unreleased, then versions with their days, the newest first', () => {
  const text = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const [first, ...released] = Array.from(text.matchAll(/^## (.*)$/gm), ([, title]) => title as string);
  assert.equal(first, 'Unreleased');
  const versions = released.map((title) => /^(\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$/.exec(title)?.[1] ?? title);
  for (const name of versions) assert.match(name, /^\d+\.\d+\.\d+$/);
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => numberOf(b) - numberOf(a)),
  );
  for (const name of versions)
    assert.ok(numberOf(name) <= numberOf(version), `${name} is not ${version} yet`);
});
