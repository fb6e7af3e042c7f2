// Bundles the program into dist/ in fewer and larger files than `src` has, because each thread opens, reads and
// links them anew: 85 instead of 258 in a fetch with two threads. The compiler has already checked them and written
// their types.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');

/** What is begun by its path: the program, the library, and the entry points of threads and processes (src/program-url.ts). */
const ENTRIES = [
  'cli/main',
  'index',
  'workers/entry',
  'workers/fetch-entry',
  'workers/load/pacer-thread',
  'server/replica/replica',
  'runner/bench/process-entry',
];

/**
 * Takes Node's own modules as they are. An `import` of one has Node read every name it exports, and some, such as
 * `webcrypto`, `promises` and `locks`, load other modules when they are read: 25 ms of CPU in a fetch with two threads.
 */
const builtinsAsTheyAre: Plugin = {
  name: 'builtins-as-they-are',
  setup(bundle) {
    bundle.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement'
        ? { path, namespace: 'builtin', sideEffects: false }
        : { path, external: true },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'builtin' }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object).filter((name) => /^[a-z]\w*$/iu.test(name));
      // A pure call that nobody needs is left out, as a mere property would not be.
      const exported = names
        .filter((name) => name !== 'default')
        .map((name) => `export const ${name} = /* @__PURE__ */ $take('${name}');`);
      const contents = [
        `const $builtin = /* @__PURE__ */ process.getBuiltinModule('${path}');`,
        'const $take = (name) => $builtin[name];',
        'export default $builtin;',
        ...exported,
      ].join('\n');
      return { contents, loader: 'js' };
    });
  },
};

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
  outdir: dist,
  outbase: 'src',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  target: 'esnext',
  sourcemap: 'linked',
  plugins: [builtinsAsTheyAre],
  write: false,
});

// A program that runs from here meanwhile finds each file whole, and those that did not change untouched.
for (const { path, contents } of outputFiles) {
  if (readOrNull(path)?.equals(contents) === true) continue;
  mkdirSync(dirname(path), { recursive: true });
  const whole = `${path}.${process.pid}`;
  writeFileSync(whole, contents, { mode: path === join(dist, 'cli/main.js') ? 0o755 : 0o644 });
  renameSync(whole, path);
}
const written = new Set(outputFiles.map(({ path }) => path));
for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const path = join(dist, name);
  if (/\.js(?:\.map)?$/u.test(name) && !written.has(path)) rmSync(path, { force: true });
}

function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
