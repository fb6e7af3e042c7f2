// What `npm run build` leaves in dist/: what a thread loads, and what stays of an earlier build.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { ROOT } from '../helpers/program.ts';

suite('the built program', () => {
  let house = '';

  before(() => {
    house = mkdtempSync(join(tmpdir(), 'spillway-build-'));
    for (const part of ['src', 'tools', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, part), join(house, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(house, 'node_modules'));
    build();
  });

  after(() => rmSync(house, { recursive: true, force: true }));

  function build(): void {
    execFileSync(process.execPath, [join(house, 'tools/build.ts')], { stdio: 'pipe' });
  }

  function programFiles(): string[] {
    return readdirSync(join(house, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.js'))
      .sort();
  }

  const textOf = (name: string) => readFileSync(join(house, 'dist', name), 'utf8');

  test('it has the entry points of the program, the library, threads and processes', () => {
    const entries = programFiles().filter((name) => !name.startsWith('chunks/'));
    assert.deepEqual(entries, [
      'cli/main.js',
      'index.js',
      'runner/bench/process-entry.js',
      'server/replica/replica.js',
      'workers/entry.js',
      'workers/fetch-entry.js',
      'workers/load/pacer-thread.js',
    ]);
    assert.equal(statSync(join(house, 'dist/cli/main.js')).mode & 0o111, 0o111);
  });

  test('no file imports a module of Node, which would have all of its names read', () => {
    const importing = programFiles().filter((name) =>
      /^(?:import|export)\b[^;]*?from "node:/mu.test(textOf(name)),
    );
    assert.deepEqual(importing, []);
  });

  test('threads and processes are begun by addresses that lead to what is there', () => {
    const begun = programFiles().flatMap((name) =>
      Array.from(textOf(name).matchAll(/programUrl\("([a-z/-]+)"\)/gu), ([, module]) => `${module}.js`),
    );
    assert.deepEqual(begun.toSorted(), [
      'runner/bench/process-entry.js',
      'server/replica/replica.js',
      'workers/entry.js',
      'workers/fetch-entry.js',
      'workers/load/pacer-thread.js',
    ]);
    for (const path of begun) assert.ok(statSync(join(house, 'dist', path)).isFile(), path);
  });

  test('built again, it is left as it is; what a source has no more is taken away', () => {
    const before = programFiles().map((name) => [name, statSync(join(house, 'dist', name)).ino]);
    const stale = join(house, 'dist/chunks/stale.js');
    writeFileSync(stale, '');
    build();
    assert.deepEqual(
      programFiles().map((name) => [name, statSync(join(house, 'dist', name)).ino]),
      before,
    );
  });
});
