// The threads of a fetch, apart from it: they load their code while the main thread still loads its own, opens the sources
// and takes the run.

import { availableParallelism } from 'node:os';
import { fetchEntryUrl } from '../../../workers/entry-url.ts';
import { checkFiles } from '../../check-files.ts';
import { openPool, type WorkerPool } from '../../pool.ts';

/** Enough for what is in flight; more only lets garbage of a long list pile up (400 MB where 270 do). */
const YOUNG_HEAP_BYTES = 12 * 2 ** 20;

export interface FetchThreads {
  readonly pool: WorkerPool;
  readonly workerCount: number;
}

/** @param wanted `cores`: null for one a core */
export function countWorkers(wanted: {
  readonly cores: number | null;
  readonly maxInFlight: number;
}): number {
  return Math.min(wanted.cores ?? availableParallelism(), wanted.maxInFlight);
}

/** Starts them. The pool is the caller's to dispose of. */
export function openFetchThreads(workerCount: number): FetchThreads {
  return { pool: openPool(workerCount, fetchEntryUrl, YOUNG_HEAP_BYTES), workerCount };
}

/** Starts them ahead of a fetch; null where it would refuse to begin, for it to say why. */
export function openThreadsAhead(wanted: Parameters<typeof countWorkers>[0]): FetchThreads | null {
  const workerCount = countWorkers(wanted);
  return checkFiles(workerCount).length > 0 ? null : openFetchThreads(workerCount);
}
