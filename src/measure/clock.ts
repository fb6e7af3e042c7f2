// One clock for all threads and processes of a run. Each thread's `performance.now()` starts at another zero;
// CLOCK_MONOTONIC behind `process.hrtime` is the machine's, so each thread measures its offset to it once.

import { performance } from 'node:perf_hooks';

const offsetMs = measureOffsetMs();

/** Milliseconds on the machine's monotonic clock: comparable between threads and processes, never set back. */
export function nowMs(): number {
  return performance.now() + offsetMs;
}

/**
 * Takes the closest of several pairs of readings: the first loads code and was 2 ms wide, as is one that is
 * interrupted.
 */
function measureOffsetMs(): number {
  let closestMs = Number.POSITIVE_INFINITY;
  let offsetMs = 0;
  for (let attempt = 0; attempt < 8; attempt++) {
    const beforeMs = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const afterMs = performance.now();
    if (afterMs - beforeMs >= closestMs) continue;
    closestMs = afterMs - beforeMs;
    offsetMs = seconds * 1e3 + nanoseconds / 1e6 - (beforeMs + afterMs) / 2;
  }
  return offsetMs;
}
