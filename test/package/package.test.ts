// The package as a stranger gets it: made, judged, installed into empty folders, and used from there as a program and as a
// library.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { build } from 'esbuild';
import { startServer } from '../../src/server/cluster.ts';
import { lintPackage, pack } from '../../tools/lint-package.ts';
import { ROOT } from '../helpers/program.ts';

/** Bounds an install, which asks the registry. */
const INSTALL_MS = 180_000;
const RUN_MS = 30_000;

/** A program that fetches from `origin` and prints how many came and what they add up to. */
const FETCH_PROGRAM = `
import { startRun } from 'spillway';
await using run = startRun({ source: process.argv[2] + '/{0..99}', to: 'memory' });
let sum = 0;
for await (const outcome of run.outcomes) if (outcome.kind === 'ok') sum += Number(new TextDecoder().decode(outcome.value));
console.log((await run.report).ok, sum);
`;

suite('the package', { timeout: 4 * INSTALL_MS }, () => {
  let scratch = '';
  let packed: ReturnType<typeof pack> = { tarball: '', files: [] };
  let whole = '';
  let server: Awaited<ReturnType<typeof startServer>> | undefined;

  before(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'spillway-package-'));
    packed = pack(scratch);
    whole = install('whole');
    server = await startServer({ delayMs: 20, items: 100, answer: 'text' });
  });

  after(async () => {
    await server?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  /** An empty folder with the package, as npm installs it. */
  function install(name: string, ...flags: readonly string[]): string {
    const folder = join(scratch, name);
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', ...flags, packed.tarball];
    execFileSync('npm', args, { cwd: folder, stdio: 'pipe', timeout: INSTALL_MS });
    return folder;
  }

  function run(folder: string, command: string, ...args: readonly string[]) {
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`;
    return spawnSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      timeout: RUN_MS,
      env: { ...process.env, PATH: path },
    });
  }

  const spillway = (folder: string, ...args: readonly string[]) =>
    run(folder, join(folder, 'node_modules/.bin/spillway'), ...args);

  /** Runs the fetch from a file in `folder`. */
  function fetchFrom(folder: string, file = 'fetch.mjs', text: string | null = FETCH_PROGRAM) {
    if (text !== null) writeFileSync(join(folder, file), text);
    return run(folder, process.execPath, file, server?.origins[0] as string);
  }

  test('publint and attw find nothing wrong with it', async () => {
    assert.deepEqual(await lintPackage(packed.tarball), []);
  });

  test('it holds the program, its types and its papers, and nothing that is of no use to who installs it', () => {
    for (const file of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'SECURITY.md',
      'dist/index.js',
      'dist/index.d.ts',
    ])
      assert.ok(packed.files.includes(file), file);
    const useless = packed.files.filter((file) =>
      /^(?:src|test|profiles|benchmarks|tools)\/|\.map$|\.tsbuildinfo$|(?<!\.d)\.ts$/.test(file),
    );
    assert.deepEqual(useless, []);
  });

  test('an ordinary install has no Node.js, no profiler and none of the packages that few need', () => {
    const names = installedNames(whole);
    for (const name of ['undici', 'piscina', 'commander', 'fastify']) assert.ok(names.includes(name), name);
    const heavy = names.filter((name) =>
      /^node-|^clinic|swagger|prometheus|^tinybench|^typescript|esbuild/.test(name),
    );
    assert.deepEqual(heavy, []);
    assert.ok(names.length < 90, `found ${names.length} packages`);
  });

  test('the program shows its help, fetches with a record that verifies, and benches with a proof', () => {
    assert.match(spillway(whole, '--help').stdout, /^Usage: spillway/);
    const fetched = spillway(whole, 'fetch', `${server?.origins[0]}/{0..49}`, '--to', 'out');
    assert.equal(fetched.status, 0, fetched.stderr);
    assert.equal(spillway(whole, 'verify', 'out').status, 0);
    const bench = spillway(whole, 'bench', '--trials', '50', '--delay', '50ms');
    assert.equal(bench.status, 0, bench.stderr);
    assert.match(bench.stdout, /^proof: 50 planned = 50 answered once = 50 seen once by the server$/m);
  });

  test('the library fetches, and benches', () => {
    const fetched = fetchFrom(whole);
    assert.equal(fetched.stdout, '100 4950\n', fetched.stderr);
    writeFileSync(
      join(whole, 'bench.mjs'),
      `import { startBench } from 'spillway';
       await using bench = startBench({ trials: 50, delayMs: 50 });
       console.log((await bench.report).proof.verdict);`,
    );
    const bench = run(whole, process.execPath, 'bench.mjs');
    assert.equal(bench.stdout, 'whole\n', bench.stderr);
  });

  test('its types are what they promise, for either way to resolve modules', () => {
    cpSync(join(ROOT, 'test/types/library.ts'), join(whole, 'library.ts'));
    mkdirSync(join(whole, 'node_modules/@types'), { recursive: true });
    if (!existsSync(join(whole, 'node_modules/@types/node')))
      symlinkSync(join(ROOT, 'node_modules/@types/node'), join(whole, 'node_modules/@types/node'));
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      const flags = ['--noEmit', '--strict', '--target', 'esnext', '--types', 'node', '--ignoreConfig'];
      const modules = ['--module', module, '--moduleResolution', resolution];
      const { stdout } = run(whole, join(ROOT, 'node_modules/.bin/tsc'), ...flags, ...modules, 'library.ts');
      assert.equal(stdout, '', resolution);
    }
  });

  test('files of threads are found where pnpm puts them', () => {
    const folder = join(scratch, 'pnpm');
    cpSync(whole, folder, { recursive: true, verbatimSymlinks: true });
    const store = join(folder, 'node_modules/.pnpm/spillway@1/node_modules');
    mkdirSync(store, { recursive: true });
    for (const name of readdirSync(join(folder, 'node_modules')).filter((each) => !each.startsWith('.')))
      renameSync(join(folder, 'node_modules', name), join(store, name));
    symlinkSync(join(store, 'spillway'), join(folder, 'node_modules/spillway'), 'dir');
    const fetched = fetchFrom(folder);
    assert.equal(fetched.stdout, '100 4950\n', fetched.stderr);
    const main = join(folder, 'node_modules/spillway/dist/cli/main.js');
    const bench = run(folder, process.execPath, main, 'bench', '--trials', '20', '--delay', '20ms');
    assert.equal(bench.status, 0, bench.stderr);
  });

  test('a bundle that leaves it outside runs; one that takes it in is told what to do', async () => {
    writeFileSync(join(whole, 'app.mjs'), FETCH_PROGRAM);
    const bundle = (outfile: string, external: string[]) =>
      build({
        absWorkingDir: whole,
        entryPoints: ['app.mjs'],
        bundle: true,
        platform: 'node',
        format: 'esm',
        target: 'node24',
        outfile,
        external,
        banner: {
          js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
        },
        logLevel: 'silent',
      });
    await bundle('outside.mjs', ['spillway']);
    assert.equal(fetchFrom(whole, 'outside.mjs', null).stdout, '100 4950\n');
    await bundle('inside.mjs', ['fastify']);
    const inside = fetchFrom(whole, 'inside.mjs', null);
    assert.match(inside.stderr, /tell the bundler that spillway is external/);
  });

  test('without optional packages it fetches, and a bench names the one it lacks', () => {
    const bare = install('bare', '--omit=optional');
    const names = installedNames(bare);
    assert.ok(!names.includes('fastify'), 'fastify was left out');
    assert.ok(names.length < 30, `found ${names.join(' ')}`);
    assert.equal(fetchFrom(bare).stdout, '100 4950\n');
    const bench = spillway(bare, 'bench', '--trials', '20');
    assert.equal(bench.status, 2);
    assert.equal(
      bench.stderr,
      'spillway: expected fastify for the mock server, found not installed: npm install fastify\n',
    );
  });

  test('what nobody installed is named where it is asked for', () => {
    const waves = spillway(whole, 'bench', '--trials', '20', '--report', 'tinybench');
    assert.deepEqual(
      [waves.status, waves.stderr],
      [
        2,
        'spillway: expected tinybench for --report tinybench, found not installed: npm install tinybench\n',
      ],
    );
  });
});

function installedNames(folder: string): string[] {
  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { readonly optional?: boolean }>;
  };
  return Object.keys(lock.packages)
    .filter((path) => path !== '' && existsSync(join(folder, path)))
    .map((path) => path.replace(/^.*node_modules\//, ''));
}
