// The threads of a fetch, started apart from it: they load their code while the main thread still loads its own,
// opens the sources and takes the run.

import { availableParallelism } from 'node:os';
import { fetchEntryUrl } from '../../../workers/entry-url.ts';
import { checkFiles } from '../../check-files.ts';
import { openPool, type WorkerPool } from '../../pool.ts';

/** Enough for what is in flight; more only lets garbage of a long list grow (400 MB instead of 270 MB). */
const YOUNG_HEAP_BYTES = 12 * 2 ** 20;

export interface FetchThreads {
  readonly pool: WorkerPool;
  readonly workerCount: number;
}

/** @param wanted `cores`: null for one for each core */
export function countWorkers(wanted: {
  readonly cores: number | null;
  readonly maxInFlight: number;
}): number {
  return Math.min(wanted.cores ?? availableParallelism(), wanted.maxInFlight);
}

/** Starts the threads. The caller disposes of the pool. */
export function openFetchThreads(workerCount: number): FetchThreads {
  return { pool: openPool(workerCount, fetchEntryUrl, YOUNG_HEAP_BYTES), workerCount };
}

/** Starts threads ahead of a fetch; null where the fetch would refuse to begin, so that the fetch says why. */
export function openThreadsAhead(wanted: Parameters<typeof countWorkers>[0]): FetchThreads | null {
  const workerCount = countWorkers(wanted);
  return checkFiles(workerCount).length > 0 ? null : openFetchThreads(workerCount);
}
