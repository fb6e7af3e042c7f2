import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { HELP_PAGES } from '../../src/cli/help-page.ts';
import { OPTION_TABLES } from '../../src/cli/complete/option-tables.ts';
import type { OptionTable } from '../../src/cli/options.ts';
import { MAIN } from '../helpers/program.ts';

/** What fits a window that somebody has made a little taller than the 24 lines of a terminal of old. */
const MAX_LINES = 40;
const MAX_COLUMNS = 80;

function run(...args: readonly string[]) {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
}

const tables: Readonly<Record<string, OptionTable>> = OPTION_TABLES;

suite('help', () => {
  test('of the program fits a screen, names every command, and has two examples', () => {
    const { stdout, status } = run('--help');
    assert.equal(status, 0);
    assertFits(stdout);
    for (const { name } of COMMANDS) assert.match(stdout, new RegExp(`^  ${name} `, 'm'));
    assert.equal([...stdout.matchAll(/^ {2}spillway .+$/gm)].length, 2);
  });

  for (const { name } of COMMANDS) {
    test(`of ${name} fits a screen and has two examples that name it`, () => {
      const { stdout, status } = run(name, '--help');
      assert.equal(status, 0);
      assertFits(stdout);
      const examples = [...stdout.matchAll(/^ {2}(?:source <\()?spillway (\w+)/gm)].map(
        ([, command]) => command,
      );
      assert.deepEqual(examples, [name, name]);
    });

    test(`--help-all of ${name} shows every option`, () => {
      const hasMore = HELP_PAGES[name]?.everyday !== undefined;
      const { stdout, status } = run(name, hasMore ? '--help-all' : '--help');
      assert.equal(status, 0);
      for (const { flags } of Object.values(tables[name] ?? {})) assert.ok(stdout.includes(flags), flags);
    });
  }

  test('what --help shows are options that there are', () => {
    for (const [name, { everyday = [] }] of Object.entries(HELP_PAGES)) {
      const known = { ...tables[name], ...(name === 'resume' ? tables['retry'] : {}) };
      for (const option of everyday) assert.ok(option in known, `${name}: ${option}`);
    }
  });

  test('a mistyped option is answered with the right one, also where --help does not show it', () => {
    for (const [typed, meant] of [
      ['--trails', '--trials'],
      ['--pipelinig', '--pipelining'],
    ] as const) {
      const { status, stderr } = run('bench', typed, '5');
      assert.equal(status, 2);
      assert.match(stderr, new RegExp(`Did you mean ${meant}\\?`));
    }
  });

  test('an option that is nothing like any other is answered with none', () => {
    const { status, stderr } = run('fetch', '--strat', 'x');
    assert.deepEqual([status, /Did you mean/.test(stderr)], [2, false], stderr);
  });

  test('a mistyped command is answered with the right one', () => {
    const { status, stderr } = run('benhc');
    assert.equal(status, 2);
    assert.match(stderr, /Did you mean bench\?/);
  });
});

function assertFits(text: string): void {
  const lines = text.trimEnd().split('\n');
  assert.ok(lines.length <= MAX_LINES, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= MAX_COLUMNS, line);
}
