// How many requests a fetch has open when no option says so: a number that servers of any kind accept, or as many
// as the machine can carry when the window of each origin is found by measuring.

import { FactReader } from '../../limits/fact-reader.ts';
import { readFiles } from '../../limits/files.ts';

/** Used when nothing is measured: servers of any kind accept it, and it is more than most browsers ask for. */
const FIXED_PER_ORIGIN = 64;
const FIXED_IN_FLIGHT = 256;
/** Connections that one connecting thread gets into the accept queues of Linux without loss. */
const ADAPTIVE_IN_FLIGHT = 4096;

/** Files of a process and of each worker besides those of requests: code, pipes, the journal, name servers. */
const OWN_FILES = 96;
const WORKER_FILES = 20;
const LEAST_IN_FLIGHT = 16;

/** For the whole run. A request may hold a connection and a file for its body. */
export function chooseMaxInFlight(isAdaptive: boolean): number {
  const softCount = readFileLimit();
  if (softCount === null) return isAdaptive ? ADAPTIVE_IN_FLIGHT : FIXED_IN_FLIGHT;
  const most = Math.max(LEAST_IN_FLIGHT, Math.floor((softCount - OWN_FILES) / 2));
  if (!isAdaptive) return Math.min(FIXED_IN_FLIGHT, most);
  return Math.min(most, Math.max(FIXED_IN_FLIGHT, Math.min(ADAPTIVE_IN_FLIGHT, most - FIXED_IN_FLIGHT)));
}

/** Connections of each worker, including idle ones: what the limit on files leaves; null where it is unknown. */
export function countConnections(maxInFlight: number, workerCount: number): number | null {
  const softCount = readFileLimit();
  if (softCount === null) return null;
  // Each request may also have a file for its body open.
  const left = softCount - OWN_FILES - WORKER_FILES * workerCount - maxInFlight;
  return Math.max(Math.ceil(maxInFlight / workerCount), Math.floor(left / workerCount));
}

function readFileLimit(): number | null {
  const { softCount } = readFiles(new FactReader({}));
  return typeof softCount === 'number' ? softCount : null;
}

/** For each origin; 0 for no bound. */
export function chooseMaxPerOrigin(isAdaptive: boolean): number {
  return isAdaptive ? 0 : FIXED_PER_ORIGIN;
}
