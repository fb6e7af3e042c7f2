// The death of a worker thread or process: it is replaced, but not for ever.

import { SpillwayError } from '../model/errors.ts';

/** What dies again and again has a reason that the next one would meet, too. */
const MAX_DEATHS = 5;

/**
 * Adds the reason to `deaths`.
 * @param what dies, in the plural
 * @param inARow deaths that no progress was between. @default all
 * @throws SpillwayError `ERR_RUN_BROKEN` at one death too many
 */
export function recordDeath(
  deaths: string[],
  what: string,
  cause: unknown,
  inARow = deaths.length + 1,
): void {
  deaths.push(cause instanceof Error ? cause.message : String(cause));
  if (inARow <= MAX_DEATHS) return;
  throw new SpillwayError(
    'ERR_RUN_BROKEN',
    `expected ${what} that live, but ${deaths.length} died, the last with: ${deaths.at(-1)}`,
    { cause },
  );
}
