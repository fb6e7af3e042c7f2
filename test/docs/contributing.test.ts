// The examples of CONTRIBUTING are applied to a copy of the house, and must compile, pass the linter and their own tests there.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { ROOT } from '../helpers/program.ts';
import { copyHouse } from './house-copy.ts';

const PAGE = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
const STEP_MS = 120_000;

const EXAMPLES = [...PAGE.matchAll(/^### ([^\n]+)\n(?:(?!^### )[\s\S])*?```diff\n([\s\S]*?)^```$/gm)].map(
  ([, name, patch]) => ({ name: name as string, patch: patch as string }),
);

test('a source, a sink, a strategy, a fault and a limit are shown', () => {
  assert.deepEqual(
    EXAMPLES.map(({ name }) => name),
    ['A source', 'A sink', 'A strategy', 'A fault', 'A limit'],
  );
});

test('every room of src and every script of package.json is explained, and no other', () => {
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  const named = new Set(Array.from(PAGE.matchAll(/`src\/([a-z]+)`/g), ([, room]) => room));
  for (const { name } of rooms) assert.ok(named.has(name), `src/${name} is not on the map`);
  for (const room of named) assert.ok(existsSync(join(ROOT, `src/${room}`)), `src/${room} does not exist`);

  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Readonly<Record<string, string>>;
  };
  const table = PAGE.split('## Scripts')[1]?.split('\n## ')[0] ?? '';
  const explained = Array.from(
    table.matchAll(/`npm (?:run (?=[a-z])|(?=test))([a-z:]+)/g),
    ([, script]) => script,
  );
  assert.deepEqual(new Set(explained), new Set(Object.keys(scripts)));
});

suite('the examples of CONTRIBUTING', { timeout: 5 * STEP_MS }, () => {
  for (const { name, patch } of EXAMPLES) {
    test(`${name} applies, compiles, is clean and works`, (t) => {
      const house = copyHouse();
      t.after(() => rmSync(house, { recursive: true, force: true }));
      const run = (command: string, args: readonly string[], input = '') => {
        const path = `${join(ROOT, 'node_modules/.bin')}:${process.env['PATH']}`;
        const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
        const { status, stdout, stderr } = spawnSync(command, args, {
          cwd: house,
          encoding: 'utf8',
          input,
          timeout: STEP_MS,
          env: { ...environment, PATH: path },
        });
        assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`);
      };
      run('git', ['apply', '--recount', '-'], patch);
      const files = Array.from(patch.matchAll(/^\+\+\+ b\/(\S+)$/gm), ([, file]) => file as string);
      const sources = files.filter((file) => file.endsWith('.ts'));
      run('biome', ['format', '--vcs-enabled=false', ...sources]);
      run('tsc', ['-p', 'tsconfig.json']);
      run('oxlint', ['--type-aware', '--deny-warnings', ...sources]);
      const tests = files.filter((file) => file.endsWith('.test.ts'));
      assert.ok(tests.length > 0, 'a change has a test');
      // The tables of the pages must know of it as well.
      run(process.execPath, ['--test', ...tests, 'test/docs/pages.test.ts', 'test/limits/page.test.ts']);
    });
  }
});
