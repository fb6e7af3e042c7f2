// docs/architecture.md and the house are the same: files on the journeys, rooms and their imports, dependencies.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** The lines of a journey: a folder, the files of it that it passes through, and what is said of them. */
function stepsOf(heading: string): { folder: string; files: string[] }[] {
  const section = PAGE.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const steps: { folder: string; files: string[] }[] = [];
  for (const line of section.split('\n').filter((text) => text.startsWith('    '))) {
    const columns = line.trim().split(/ {2,}/);
    const folder = /^ {4}\S/.test(line) ? (columns.shift() as string) : (steps.at(-1)?.folder ?? '');
    const drawn = (columns[0] ?? '').replaceAll(/=(?:thread|process|memory)=>/g, ' ');
    steps.push({ folder, files: drawn.split(/ -> | \| |, |\s+/).filter((name) => /^[a-z]/.test(name)) });
  }
  return steps;
}

for (const heading of ['The journey of a trial', 'The journey of a URL']) {
  test(`${heading.toLowerCase()} passes through files and folders that exist`, () => {
    const steps = stepsOf(heading);
    assert.ok(steps.length >= 10, `found ${steps.length} steps`);
    for (const { folder, files } of steps) {
      assert.ok(existsSync(join(ROOT, 'src', folder)), `there is no src/${folder}`);
      assert.ok(files.length > 0, `nothing of src/${folder} is named`);
      for (const name of files) {
        const paths = [`${folder}/${name}`, name].map((path) => join(ROOT, 'src', path));
        assert.ok(
          paths.some((path) => existsSync(`${path}.ts`) || existsSync(path.replace(/\/\*$/, ''))),
          `src/${folder} holds no ${name}, nor does src`,
        );
      }
    }
  });
}

test('the tree shows every folder of src, and no other', () => {
  const shown = new Set<string>();
  const parents: string[] = [];
  const section = PAGE.split('\n## The tree\n')[1]?.split('\n## ')[0] ?? '';
  for (const [, indent = '', line = ''] of section.matchAll(/^ {4}((?: {2})*)(src\/.*|[a-z-]+\/.*)$/gm)) {
    const depth = indent.length / 2;
    for (const [name] of line.matchAll(/(?<=^|\s)(?:src\/[a-z]+|[a-z-]+\/)(?=\s|$)/g)) {
      const folder = join(parents[depth - 1] ?? '', name).replace(/\/$/, '');
      shown.add(folder);
      parents[depth] = folder;
    }
  }
  const folders = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => dirname(file));
  assert.deepEqual([...shown].toSorted(), [...new Set(folders)].filter((name) => name !== 'src').toSorted());
});

test('no folder of src has more files of its own than a reader takes in', () => {
  const counts = new Map<string, number>();
  for (const file of globSync('src/**/*.ts', { cwd: ROOT }))
    counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1);
  for (const [folder, count] of counts) {
    const most = folder === 'src/model' || folder === 'src/report' ? 30 : 20;
    assert.ok(count <= most, `${folder} has ${count} files, more than ${most}`);
  }
});

test('every file that the page names with its room exists', () => {
  const names = PAGE.matchAll(new RegExp(`(?:${Object.keys(ROOMS).join('|')})/[a-z][a-z/-]*[a-z]`, 'g'));
  for (const [name] of names) {
    const paths = [`src/${name}.ts`, `src/${name}`, `src/${name}-lane.ts`, name];
    assert.ok(
      paths.some((path) => existsSync(join(ROOT, path))),
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
