// Makes room for a process's open files before a run instead of during it. Knows neither workers nor connections.

import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** What a process has open besides its connections: files, pipes, the event loops of its threads. */
const OTHER_FILES = 64;
/** Below this many connections it is not worth it: the table then grows while nothing is waiting. */
const LEAST_CONNECTIONS = 2_048;

/**
 * Linux doubles the table of open files each time it is full, and the threads of a process then wait 5 to 16 ms
 * until no other thread reads the old table: 75 ms in a run with 10,000 connections. A table never shrinks, so
 * opening files up to the last doubling, and closing them at once, leaves room for `connectionCount`. It takes 100
 * ms for 10,000. Where the limit on open files comes first, this says nothing: the connections will meet the same
 * limit.
 */
export function growFileTable(connectionCount: number): void {
  if (process.platform !== 'linux' || connectionCount < LEAST_CONNECTIONS) return;
  const lastDoubling = 2 ** Math.floor(Math.log2(connectionCount + OTHER_FILES));
  const files: number[] = [];
  try {
    while (files.length <= lastDoubling) {
      const file = openSync(devNull, 'r');
      files.push(file);
      if (file >= lastDoubling) break;
    }
  } catch {
    // The limit on open files is reached; this is as far as the table grows.
  } finally {
    for (const file of files) closeSync(file);
  }
}
