// Room for a process's open files, made before a run instead of in it. It knows no workers and no connections.

import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';

/** What a process has open besides its connections: files, pipes, the event loops of its threads. */
const OTHER_FILES = 64;
/** With fewer connections it pays nothing: they are made while there is time to wait. */
const LEAST_CONNECTIONS = 2_048;

/**
 * Linux doubles the table of open files each time that it is full, and the threads of a process wait 5 to 16 ms each
 * time until no other reads the old one: 75 ms of a run with 10,000 connections. A table never shrinks, so files
 * opened up to the last doubling, and closed at once, leave room for `connectionCount`. It takes 100 ms for 10,000.
 * Where the limit on open files comes first nothing is said: the connections will meet it too.
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
    // As many as there may be.
  } finally {
    for (const file of files) closeSync(file);
  }
}
