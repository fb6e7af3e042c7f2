// What is thrown in a worker thread outside every seam, such as in a callback of a library's own: it must not end the
// thread, with everybody else's work. Seams come first (an attempt's guard, a socket's); this is for what they miss.

import { isMainThread } from 'node:worker_threads';

/** More than so many without end are a thread that cannot go on: it dies, and is replaced. */
const MAX_STRAYS = 10_000;

/** Calls `onStray` instead of letting the thread die, until it is disposed of. The main thread's errors are its program's. */
export function catchStrays(onStray: (error: unknown) => void): Disposable {
  if (isMainThread) return { [Symbol.dispose]: () => {} };
  let count = 0;
  const listener = (error: unknown) => {
    count++;
    if (count > MAX_STRAYS) throw error;
    onStray(error);
  };
  process.on('uncaughtException', listener);
  return { [Symbol.dispose]: () => process.off('uncaughtException', listener) };
}
