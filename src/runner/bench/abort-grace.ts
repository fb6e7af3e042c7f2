// The grace period after an abort, in which workers count the requests that were cancelled. A worker that is too
// busy to finish within it is ended.

import type { Ledger } from './ledger.ts';

/** For the threads of a process, which check for orders every 50 ms. */
export const THREADS_GRACE_MS = 250;
/** For further processes: each gives its threads their grace period, and then sends what they counted. */
export const PROCESSES_GRACE_MS = 2 * THREADS_GRACE_MS;

/** Resolves `graceMs` after an abort; never resolves without one. Keeps no process alive. */
export async function graceAfterAbort(ledger: Ledger, graceMs: number): Promise<readonly never[]> {
  await ledger.aborted;
  await new Promise((resolve) => setTimeout(resolve, graceMs).unref());
  return [];
}
