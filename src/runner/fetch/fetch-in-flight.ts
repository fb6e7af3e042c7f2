// How many requests a fetch has open where nobody said: a number that servers of any kind take, or as many as the machine
// carries where each origin's own number is found out.

import { FactReader } from '../../limits/fact-reader.ts';
import { readFiles } from '../../limits/files.ts';

/** Where nothing is found out: what servers of any kind take, and more than most browsers ask for. */
const FIXED_PER_ORIGIN = 64;
const FIXED_IN_FLIGHT = 256;
/** What one connecting thread brings into the accept queues of Linux without loss. */
const ADAPTIVE_IN_FLIGHT = 4096;

/** Over the whole run. A request may hold a connection and a file for its body. */
export function chooseMaxInFlight(isAdaptive: boolean): number {
  if (!isAdaptive) return FIXED_IN_FLIGHT;
  const { softCount } = readFiles(new FactReader({}));
  if (typeof softCount !== 'number') return ADAPTIVE_IN_FLIGHT;
  return Math.max(FIXED_IN_FLIGHT, Math.min(ADAPTIVE_IN_FLIGHT, Math.floor(softCount / 2) - FIXED_IN_FLIGHT));
}

/** At one origin; 0: no bound. */
export function chooseMaxPerOrigin(isAdaptive: boolean): number {
  return isAdaptive ? 0 : FIXED_PER_ORIGIN;
}
