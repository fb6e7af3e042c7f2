// Packages that an install may leave out, because most users never need them, and what to say where one is missed.

import { SpillwayError } from './errors.ts';

/** What each is for. fastify comes with an ordinary install; the others are installed by whoever wants them. */
export const OPTIONAL_PACKAGES = {
  fastify: 'the mock server',
  '@fastify/swagger': 'the mock server’s page /docs',
  '@fastify/swagger-ui': 'the mock server’s page /docs',
  '@prometheus-io/client': 'the mock server’s page /metrics',
  tinybench: '--report tinybench',
} as const;

export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES;

/**
 * What a failed import is to be reported as: an ERR_OPTION with the command that helps where one of `names` is not
 * installed, else what was thrown.
 */
export function explainMissing(names: readonly OptionalPackage[], thrown: unknown): unknown {
  const { code, message } = thrown as NodeJS.ErrnoException;
  const isMissing = code === 'ERR_MODULE_NOT_FOUND' && names.some((name) => message.includes(`'${name}'`));
  if (!isMissing) return thrown;
  const list = names.join(' and ');
  const purpose = OPTIONAL_PACKAGES[names[0] as OptionalPackage];
  return new SpillwayError(
    'ERR_OPTION',
    `expected ${list} for ${purpose}, found not installed: npm install ${names.join(' ')}`,
    { cause: thrown },
  );
}
