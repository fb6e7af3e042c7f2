// Checks the package as it would be published: publint for its manifest and files, attw for how its types resolve.
// Uses an existing build: run `npm run lint:package` after `npm run build`.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Makes a package of what dist/ holds, in `directory`; returns its path and what is in it. */
export function pack(directory: string): { readonly tarball: string; readonly files: readonly string[] } {
  const { stdout, stderr, status } = spawnSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--workspaces=false', '--pack-destination', directory],
    { cwd: root, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`expected npm pack to make a package, found: ${stderr}`);
  const parsed = JSON.parse(stdout) as PackedPackage[] | Record<string, PackedPackage>;
  const [packed] = Array.isArray(parsed) ? parsed : Object.values(parsed);
  if (packed === undefined) throw new Error(`expected npm pack to name a package, found: ${stdout}`);
  return { tarball: join(directory, packed.filename), files: packed.files.map(({ path }) => path) };
}

interface PackedPackage {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** What is wrong with the package, a line each; empty when nothing is. */
export async function lintPackage(tarball: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: root, strict: true });
  const problems = messages.map((message) => `publint: ${formatMessage(message, pkg) ?? message.code}`);
  // An ECMAScript package: what cannot import one is not asked.
  const attw = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js'),
      tarball,
      '--profile',
      'esm-only',
      '--no-color',
    ],
    { encoding: 'utf8' },
  );
  if (attw.status !== 0) problems.push(`attw: ${attw.stdout}${attw.stderr}`);
  return problems;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-package-'));
  try {
    const problems = await lintPackage(pack(directory).tarball);
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
