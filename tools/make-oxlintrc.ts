// Writes .oxlintrc.json from the table of rooms below: which folder of src/ may import which, and which single file
// may import which library. Run `npm run lint:rooms` after changing the table; a test fails when the two differ.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** room -> rooms it may import (besides itself), or single files of a room. */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  files: ['model'],
  measure: ['model'],
  sources: ['model'],
  limits: ['model', 'dns/resolv-conf'],
  dns: ['model'],
  transport: ['model', 'dns'],
  sinks: ['model', 'files'],
  workers: ['model', 'measure', 'dns', 'transport', 'sinks', 'sources/json-path'],
  runner: [
    'model',
    'files',
    'measure',
    'dns',
    'sources',
    'limits',
    'workers/entry-url',
    'sinks/recover/recover-sink',
    'sinks/packed/read-segment',
  ],
  remote: ['model', 'measure', 'runner'],
  server: ['model/answer-form', 'model/errors', 'model/missing-package'],
  lab: ['runner', 'server/cluster', 'measure', 'model', 'limits'],
  load: ['runner', 'lab/context', 'measure', 'model', 'limits'],
  report: ['model', 'measure'],
  library: ['model', 'limits', 'runner', 'lab', 'sinks/caller-sink', 'workers/entry-url'],
  cli: [
    'index',
    'limits',
    'server',
    'lab',
    'load',
    'report',
    'remote',
    'model',
    'runner',
    'files',
    'sources/json-path',
  ],
};

/** library -> the files (below src/) that may import it. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  undici: ['transport/undici/*.ts'],
  piscina: ['runner/pool.ts'],
  'content-disposition': ['sinks/names/disposition-name.ts'],
  commander: ['cli/**/*.ts'],
  'log-update': ['cli/**/*.ts'],
  fastify: ['server/**/*.ts'],
  '@fastify/swagger': ['server/**/*.ts'],
  '@fastify/swagger-ui': ['server/**/*.ts'],
  '@prometheus-io/client': ['server/**/*.ts'],
};

const names = Object.keys(ROOMS);

/** Folders below a room, with its own as the first. */
const DEPTHS = [1, 2, 3, 4];

/** What files so deep below `src` may not import: a path of so many steps up leads to the rooms, a shorter one stays. */
function restricted(room: string, depth: number): { group: string[]; message: string }[] {
  const up = '../'.repeat(depth);
  const forbidden: { group: string[]; message: string }[] = [];
  const own = ROOMS[room] ?? [];
  for (const other of names) {
    if (other === room) continue;
    const allowed = own.filter((entry) => entry === other || entry.startsWith(`${other}/`));
    if (allowed.includes(other)) continue;
    forbidden.push({
      group: [`${up}${other}/**`, ...allowed.map((entry) => `!${up}${entry}.ts`)],
      message: `src/${room} may not import src/${other}${allowed.length > 0 ? ` but for ${allowed.join(', ')}` : ''}; docs/architecture.md says who may import whom.`,
    });
  }
  return forbidden;
}

function libraryPaths(except: readonly string[] = []): { name: string; message: string }[] {
  return Object.keys(LIBRARIES)
    .filter((library) => !except.includes(library))
    .map((library) => ({
      name: library,
      message: `only ${(LIBRARIES[library] ?? []).join(', ')} may import ${library}`,
    }));
}

const overrides: { files: string[]; rules: object }[] = names.flatMap((room) =>
  DEPTHS.map((depth) => ({
    files: [`src/${room}/${'*/'.repeat(depth - 1)}*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: restricted(room, depth), paths: libraryPaths() }],
    },
  })),
);

/** A file that may import a library keeps its room's directions. */
const byFile = new Map<string, string[]>();
for (const [library, files] of Object.entries(LIBRARIES)) {
  for (const file of files) byFile.set(file, [...(byFile.get(file) ?? []), library]);
}
for (const [file, libraries] of byFile) {
  const room = file.split('/')[0] ?? '';
  for (const depth of DEPTHS) {
    const pattern = file.replace('**/', '*/'.repeat(depth - 1));
    if (pattern.split('/').length - 1 !== depth) continue;
    overrides.push({
      files: [`src/${pattern}`],
      rules: {
        'no-restricted-imports': [
          'error',
          { patterns: restricted(room, depth), paths: libraryPaths(libraries) },
        ],
      },
    });
  }
}
overrides.push({ files: ['src/**/*.ts'], rules: { 'no-console': 'error' } });
overrides.push({ files: ['src/cli/**/*.ts'], rules: { 'no-console': 'off' } });

const CONFIG = {
  $schema: './node_modules/oxlint/configuration_schema.json',
  plugins: ['typescript', 'import', 'unicorn', 'node', 'promise', 'oxc'],
  categories: { correctness: 'error', suspicious: 'error', perf: 'error' },
  env: { node: true, es2024: true },
  ignorePatterns: ['dist', 'node_modules', 'benchmarks/results', 'profiles/out'],
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'typescript/no-floating-promises': [
      'error',
      {
        allowForKnownSafeCalls: [
          { from: 'package', name: ['test', 'suite', 'before', 'after'], package: 'node:test' },
        ],
      },
    ],
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-explicit-any': 'error',
    'no-await-in-loop': 'off',
    'unicorn/no-array-sort': 'off',
    'no-underscore-dangle': 'off',
    'import/no-unassigned-import': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/no-unnecessary-type-arguments': 'off',
    'typescript/no-unnecessary-boolean-literal-compare': 'off',
    'promise/always-return': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'unicorn/require-post-message-target-origin': 'off',
    'no-shadow': 'off',
    'import/no-named-as-default-member': 'off',
  },
  overrides,
};

export const TEXT = `${JSON.stringify(CONFIG, null, 2)}\n`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../.oxlintrc.json', import.meta.url), TEXT);
}
