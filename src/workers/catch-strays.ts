// Catches what is thrown in a worker thread outside every guard, such as in a callback of a library, so that
// it does not end the thread with everybody's work. Each attempt and socket has a guard of its own; this is
// for what they miss.

import { isMainThread } from 'node:worker_threads';

/** After so many the thread cannot go on: it dies and is replaced. */
const MAX_STRAYS = 10_000;

let tellStray: (error: unknown) => void = () => {};
let strayCount = 0;
let isListening = false;

/**
 * Calls `onStray` from now on, instead of letting the thread die. The main thread's errors are left to its
 * program.
 */
export function catchStrays(onStray: (error: unknown) => void): void {
  tellStray = onStray;
  if (isMainThread || isListening) return;
  isListening = true;
  process.on('uncaughtException', (error: unknown) => {
    strayCount++;
    if (strayCount > MAX_STRAYS) throw error;
    tellStray(error);
  });
}
