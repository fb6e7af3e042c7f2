// One clock for every thread and process of a run. Threads have a `performance.now()` of their own with another zero;
// CLOCK_MONOTONIC behind `process.hrtime` is the machine's, so each thread measures its offset to it once.

const [seconds, nanoseconds] = process.hrtime();
const offsetMs = seconds * 1e3 + nanoseconds / 1e6 - performance.now();

/** Milliseconds on the machine's monotonic clock: comparable between threads and processes, never set back. */
export function nowMs(): number {
  return performance.now() + offsetMs;
}
