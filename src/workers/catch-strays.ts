// What is thrown in a worker thread outside every guard, such as in a callback of a library's own: it must not end the
// thread, with everybody else's work. Guards come first (of an attempt, of a socket); this is for what they miss.

import { isMainThread } from 'node:worker_threads';

/** More than so many are a thread that cannot go on: it dies, and is replaced. */
const MAX_STRAYS = 10_000;

let tellStray: (error: unknown) => void = () => {};
let strayCount = 0;
let isListening = false;

/** Calls `onStray` from now on, instead of letting the thread die. The main thread's errors are its program's. */
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
