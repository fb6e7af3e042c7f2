// docs/architecture.md and the house are the same: files on the journeys, rooms and their imports, dependencies.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOMS } from '../../tools/make-oxlintrc.ts';
import { ROOT } from '../helpers/program.ts';

type Names = Readonly<Record<string, string>>;

const PAGE = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');

/** The cells of a section's table. */
function rowsOf(heading: string): string[][] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\| | \|$|`/g, '')));
}

/** The words of the drawings: indented lines, without what is said of them to the right. */
const DRAWN = PAGE.split('\n')
  .filter((line) => line.startsWith('    ') && !line.startsWith('    src/'))
  .map((line) => line.trim().split(/ {2,}/)[0] as string)
  .filter((line) => /->|\|/.test(line));

test('every file on the journeys exists', () => {
  const files = new Set(
    globSync('src/**/*.ts', { cwd: ROOT }).flatMap((file) => {
      const name = file.slice('src/'.length, -'.ts'.length);
      return [name, name.slice(name.lastIndexOf('/') + 1)];
    }),
  );
  const names = DRAWN.flatMap((line) => line.match(/(?:[a-z]+\/)?[a-z]+(?:-[a-z]+)*/g) ?? []);
  assert.ok(names.length > 30, `found ${names.length} names`);
  const others = new Set(['thread', 'process', 'memory', 'or', 'pool', 'cli', ...Object.keys(ROOMS)]);
  for (const name of names)
    assert.ok(files.has(name) || others.has(name), `no file of src is called ${name}`);
});

test('every file that the page names with its room exists', () => {
  const names = PAGE.matchAll(new RegExp(`(?:${Object.keys(ROOMS).join('|')})/[a-z][a-z-]*[a-z]`, 'g'));
  for (const [name] of names) {
    const places = [`src/${name}.ts`, `src/${name}`, `src/${name}-lane.ts`, name];
    assert.ok(
      places.some((place) => existsSync(join(ROOT, place))),
      `there is no ${name}`,
    );
  }
});

test('the table of rooms is the one that the linter goes by', () => {
  const rows = rowsOf('Who may import whom').map(([room = '', , imports = '']) => [room, imports]);
  const wanted = Object.entries(ROOMS).map(([room, imports]) => [room, imports.join(', ') || 'nothing']);
  assert.deepEqual(Object.fromEntries(rows), Object.fromEntries(wanted));
});

test('every dependency stands in the table with its reason, and no other', () => {
  const wanted = ['package.json', 'tools/runtime/package.json'].flatMap((file) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as Record<string, Names | undefined>;
    const { dependencies, optionalDependencies, devDependencies } = manifest;
    return Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  });
  const named = rowsOf('Dependencies').flatMap(([names = '']) => names.split(', '));
  assert.deepEqual(named.toSorted(), [...new Set(wanted)].toSorted());
});
