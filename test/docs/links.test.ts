// Pages, and what they name, exist: links with their places, pages from the index, scripts, options.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { strategyList } from '../../src/cli/bench/strategy-specs.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { OPTION_TABLES } from '../../src/cli/complete/option-tables.ts';
import { ROOT } from '../helpers/program.ts';

const PAGES = [
  ...globSync('*.md', { cwd: ROOT }),
  ...globSync('docs/**/*.md', { cwd: ROOT }),
  'benchmarks/compare/README.md',
  'benchmarks/results/README.md',
  'profiles/README.md',
];
const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');
/** Without code, in which brackets mean something else. */
const proseOf = (page: string) =>
  read(page)
    .replaceAll(/^```[\s\S]*?^```$/gm, '')
    .replaceAll(/`[^`\n]*`/g, '`');

/** As GitHub makes them of headings. */
function headingsOf(page: string): string[] {
  return Array.from(read(page).matchAll(/^#+ (.+)$/gm), ([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{Letter}\p{Number}\s-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Pages and files of the project that a page links to, each with the place in it. */
function linksOf(page: string): { readonly file: string; readonly heading: string }[] {
  return Array.from(proseOf(page).matchAll(/\]\(([^)\s]+)\)/g), ([, link]) => link as string)
    .filter((link) => !/^(?:https?|mailto):/.test(link))
    .map((link) => {
      const [path = '', heading = ''] = link.split('#');
      return { file: path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path)), heading };
    });
}

for (const page of PAGES) {
  test(`every link of ${page} leads somewhere`, () => {
    for (const { file, heading } of linksOf(page)) {
      assert.ok(existsSync(join(ROOT, file)), `${file} does not exist`);
      if (heading !== '') assert.ok(headingsOf(file).includes(heading), `${file} has no heading #${heading}`);
    }
  });
}

test('every page of docs is reached from its index', () => {
  const reached = new Set(['docs/README.md']);
  for (const page of reached) {
    for (const { file } of linksOf(page)) {
      if (file.endsWith('.md') && statSync(join(ROOT, file)).isFile()) reached.add(file);
    }
  }
  for (const page of PAGES)
    assert.ok(reached.has(page), `${page} is linked from no page that the index leads to`);
});

test('every npm script that a page names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
  for (const page of PAGES) {
    for (const [, script] of read(page).matchAll(/npm run (?:-s )?([a-z][a-z:]*)/g))
      assert.ok(Object.hasOwn(scripts, script as string), `${page} names npm run ${script}`);
  }
});

/** Of other programs, of npm scripts, and what every command has. */
const OTHER_OPTIONS = new Set(
  '--help --version --global --silent --ignore-scripts --omit --setup --list --suite --case --runs --only --out --threads --name --kill'.split(
    ' ',
  ),
);

test('every option that the README and the pages of docs name exists', () => {
  const options = new Set(
    Object.values(OPTION_TABLES).flatMap((table) =>
      Object.values(table).flatMap(({ flags }) => /--[a-z0-9-]+/.exec(flags)?.[0] ?? []),
    ),
  );
  for (const page of PAGES.filter((name) => name === 'README.md' || /^docs\/[^/]+$/.test(name))) {
    for (const [option] of read(page).matchAll(/(?<=[\s`(])--[a-z][a-z0-9-]+/g))
      assert.ok(options.has(option) || OTHER_OPTIONS.has(option), `${page} names ${option}`);
  }
});

test('every strategy that a page names can be asked for', () => {
  const parse = strategyList();
  for (const page of PAGES) {
    for (const [, list] of read(page).matchAll(/--strategy ([\w:=,]+)/g)) {
      const parsed = parse((list as string).replaceAll('=N', '=1'));
      assert.ok('value' in parsed, `${page} names ${list}`);
    }
  }
});

test('every command has its section among the options', () => {
  const page = read('docs/options.md');
  for (const { name } of COMMANDS) assert.match(page, new RegExp(`^## \`spillway ${name}\`$`, 'm'));
});
