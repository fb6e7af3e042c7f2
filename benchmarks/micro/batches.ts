// How trials are passed to the workers: one task for each trial, tasks of ranges, and one task for each worker. Each
// iteration passes 10,000 trials and gets their sum back.

import { Piscina } from 'piscina';
import { splitRange } from '../../src/model/split.ts';
import type { MicroSuite } from './suite.ts';

const TRIALS = 10_000;
const WORKERS = 2;
const TASKS = [WORKERS, 10, 100, 1_000, TRIALS];

export const batches: MicroSuite = {
  name: 'batches',
  operation: 'a trial handed to a worker',
  open: async () => {
    const pool = new Piscina({
      filename: new URL('./sum-range.ts', import.meta.url).href,
      minThreads: WORKERS,
      maxThreads: WORKERS,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
      recordTiming: false,
    });
    return {
      tasks: TASKS.map((taskCount) => ({
        name: `${taskCount} tasks of ${TRIALS / taskCount} trials`,
        operations: TRIALS,
        isAsync: true,
        run: async () => {
          const sums = (await Promise.all(
            splitRange(TRIALS, taskCount).map((range) => pool.run(range)),
          )) as number[];
          const sum = sums.reduce((total, each) => total + each, 0);
          if (sum !== (TRIALS * (TRIALS - 1)) / 2)
            throw new Error(`expected the sum of all trials, got ${sum}`);
        },
      })),
      [Symbol.asyncDispose]: () => pool.destroy(),
    };
  },
};
