// Records the death of a worker thread or process, which is replaced a limited number of times.

import { SpillwayError } from '../model/errors.ts';

/** A worker that dies again and again has a cause that the next one would meet as well. */
const MAX_DEATHS = 5;

/**
 * Adds the reason to `deaths`.
 * @param what dies, in the plural
 * @param inARow deaths without progress between them. @default all
 * @throws SpillwayError `ERR_RUN_BROKEN` when that is one death too many
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
