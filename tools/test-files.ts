// Finds the unit tests: those that open no socket, thread or process. It follows the imports of each test, so no
// list has to be maintained.

import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What a test that is quick and runs anywhere does not import, nor what it tests. */
const OUTSIDE =
  /^(?:node:(?:child_process|cluster|dgram|dns|http|http2|https|net|tls|worker_threads)(?:\/.*)?|undici|piscina|fastify|playwright-core)$/;
/** A static import, or an `import()` of what is written out; types are erased. */
const IMPORTS =
  /^(?:import|export)\s+(?!type\b)[^'";]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'/gm;
/** Node's own names by which a test starts a process without an import. */
const PROCESS = /\bprocess\.execPath\b/;

/** Paths of all tests, or of the unit tests, below the repository's root. */
export function testFiles(kind: 'all' | 'unit'): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
  if (kind === 'all') return all;
  const known = new Map<string, boolean>();
  return all.filter((file) => !reachesOutside(join(root, file), known));
}

/** @param known by file; a file under way counts as inside, so that circles end */
function reachesOutside(file: string, known: Map<string, boolean>): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  known.set(file, false);
  const text = readFileSync(file, 'utf8');
  const isOutside =
    PROCESS.test(text) ||
    Array.from(text.matchAll(IMPORTS), ([, from, bare, dynamic]) => from ?? bare ?? (dynamic as string)).some(
      (name) =>
        name.startsWith('.') ? reachesOutside(join(dirname(file), name), known) : OUTSIDE.test(name),
    );
  known.set(file, isOutside);
  return isOutside;
}
