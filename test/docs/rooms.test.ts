import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type TestContext, test } from 'node:test';
import { ROOMS, TEXT } from '../../tools/make-oxlintrc.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Lints one file as if it stood at `path`, by the project's own configuration. */
function lint(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-rooms-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  for (const [path, text] of Object.entries({ '.oxlintrc.json': TEXT, ...files })) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  const { stdout } = spawnSync(join(root, 'node_modules/.bin/oxlint'), ['src'], {
    cwd: directory,
    encoding: 'utf8',
  });
  return stdout;
}

test('the linter is configured by the table of rooms (npm run lint:rooms writes it)', () => {
  assert.equal(readFileSync(join(root, '.oxlintrc.json'), 'utf8'), TEXT);
});

test('an import against the direction of the rooms is refused', (t) => {
  assert.match(
    lint(t, { 'src/model/a.ts': "import { run } from '../runner/run.ts';\nrun();\n" }),
    /src\/model may not import src\/runner/,
  );
  assert.match(
    lint(t, { 'src/runner/a.ts': "import { run } from '../workers/trial/trial-run.ts';\nrun();\n" }),
    /may not import src\/workers/,
  );
  assert.doesNotMatch(
    lint(t, {
      'src/runner/a.ts':
        "import { workerEntryUrl } from '../workers/entry-url.ts';\nworkerEntryUrl.toString();\n",
    }),
    /may not import/,
  );
});

test('a folder of a room may have the name of another room, and a deep file still keeps the directions', (t) => {
  const importing = (path: string) => `import { run } from '${path}';\nrun();\n`;
  assert.doesNotMatch(lint(t, { 'src/model/a.ts': importing('./load/b.ts') }), /may not import/);
  assert.doesNotMatch(lint(t, { 'src/runner/bench/a.ts': importing('../load/b.ts') }), /may not import/);
  assert.match(
    lint(t, { 'src/runner/bench/a.ts': importing('../../load/b.ts') }),
    /src\/runner may not import src\/load/,
  );
  assert.match(
    lint(t, { 'src/workers/fetch/queue/a.ts': importing('../../../runner/bench/b.ts') }),
    /src\/workers may not import src\/runner/,
  );
});

test('a library is imported by its own files alone', (t) => {
  assert.match(
    lint(t, { 'src/runner/a.ts': "import { Client } from 'undici';\nnew Client('');\n" }),
    /may import undici/,
  );
  assert.match(
    lint(t, { 'src/transport/undici/a.ts': "import { Piscina } from 'piscina';\nnew Piscina();\n" }),
    /may import piscina/,
  );
  assert.doesNotMatch(
    lint(t, { 'src/transport/undici/a.ts': "import { Client } from 'undici';\nnew Client('');\n" }),
    /may import/,
  );
});

test('a cycle of imports is refused', (t) => {
  const text = lint(t, {
    'src/model/a.ts': "import { b } from './b.ts';\nexport const a = (): number => b();\n",
    'src/model/b.ts': "import { a } from './a.ts';\nexport const b = (): number => a();\n",
  });
  assert.match(text, /no-cycle/);
});

test('a cycle of type imports is refused', (t) => {
  const text = lint(t, {
    'src/model/a.ts': "import type { B } from './b.ts';\nexport interface A {\n  readonly b: B;\n}\n",
    'src/model/b.ts': "import type { A } from './a.ts';\nexport interface B {\n  readonly a: A;\n}\n",
  });
  assert.match(text, /no-cycle/);
});

test('every room of src/ is in the table', () => {
  const rooms = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
    entry.isDirectory(),
  );
  for (const { name } of rooms) assert.ok(name in ROOMS, `${name} has no row in tools/make-oxlintrc.ts`);
});
