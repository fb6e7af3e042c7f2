// Packages that an install may omit, because most users never need them, and what to say when one is missing.

import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SpillwayError } from './errors.ts';

/**
 * What each package is for. fastify comes with an ordinary install; users install the others when they want them.
 */
export const OPTIONAL_PACKAGES = {
  fastify: 'the mock server',
  '@fastify/swagger': 'the mock server’s page /docs',
  '@fastify/swagger-ui': 'the mock server’s page /docs',
  '@prometheus-io/client': 'the mock server’s page /metrics',
  tinybench: '--report tinybench',
} as const;

export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES;

/**
 * The error to report for a failed import: an ERR_OPTION with the command that helps when one of `names` is
 * not installed, else what was thrown.
 */
export function explainMissing(names: readonly OptionalPackage[], thrown: unknown): unknown {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' && names.some((name) => message.includes(`'${name}'`));
  if (!isMissing) return thrown;
  const list = names.join(' and ');
  const purpose = OPTIONAL_PACKAGES[names[0] as OptionalPackage];
  return new SpillwayError(
    'ERR_OPTION',
    `expected ${list} for ${purpose}, found not installed: ${installCommand(names, fileURLToPath(import.meta.url), process.cwd())}`,
    { cause: thrown },
  );
}

/**
 * The command that installs packages where the program looks for them: beside itself. That is not the current
 * directory after a global install, or an install in another folder.
 * @param programFile any file of the program
 * @param cwd where the command is typed
 */
export function installCommand(names: readonly string[], programFile: string, cwd: string): string {
  const list = names.join(' ');
  const end = programFile.lastIndexOf(`${sep}node_modules${sep}`);
  // A clone has them among its own.
  if (end === -1) return `npm install ${list}`;
  const project = programFile.slice(0, end);
  if (!existsSync(join(project, 'package.json'))) return `npm install --global ${list}`;
  const isHere =
    ancestors(realpathSync(cwd)).find((directory) => existsSync(join(directory, 'package.json'))) ===
    realpathSync(project);
  return isHere ? `npm install ${list}` : `npm install --prefix ${project} ${list}`;
}

function ancestors(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}
