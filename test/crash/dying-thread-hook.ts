// Loaded into every thread of a program by NODE_OPTIONS: ends worker threads in the middle of their work, after so many
// files were named or records written, as a crash of native code or of memory would.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread, threadId } from 'node:worker_threads';

const CALLS_TO_LIVE = Number(process.env['SPILLWAY_TEST_THREAD_CALLS'] ?? '0');
const MOST_DEATHS = Number(process.env['SPILLWAY_TEST_THREAD_DEATHS'] ?? '2');

if (!isMainThread && CALLS_TO_LIVE > 0 && threadId <= MOST_DEATHS) {
  let calls = 0;
  const dyingAfter =
    <Parameters extends unknown[], Result>(call: (...parameters: Parameters) => Result) =>
    (...parameters: Parameters): Result => {
      const result = call(...parameters);
      calls++;
      // In a thread it ends that thread alone, at once and without a word to the others.
      if (calls >= CALLS_TO_LIVE * threadId) process.exit(9);
      return result;
    };
  fs.linkSync = dyingAfter(fs.linkSync);
  fs.writeSync = dyingAfter<unknown[], number>(fs.writeSync as never);
  syncBuiltinESMExports();
}
