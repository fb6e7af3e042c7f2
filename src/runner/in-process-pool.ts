// The workers' code in this thread, for profilers that see no other. Shares take turns on one event loop, so what it
// measures is the engine's own cost and not the speed of several cores.

import type { FetchTask } from '../model/fetch-task.ts';
import type { LoadTask } from '../model/load/load-task.ts';
import type { TrialResult, TrialTask } from '../model/messages.ts';
import { workerEntryUrl } from '../workers/entry-url.ts';
import type { WorkerPool } from './pool.ts';

interface Entry {
  runTrials(task: TrialTask): Promise<TrialResult>;
  fetchTargets(task: FetchTask): Promise<void>;
  runLoad(task: LoadTask): Promise<void>;
}

/** @param entryUrl the file with the task functions, @default the engine's own */
export function openInProcessPool(entryUrl: URL = workerEntryUrl): WorkerPool {
  const entry = import(entryUrl.href) as Promise<Entry>;
  return {
    runTrials: async (task) => (await entry).runTrials(task),
    fetchTargets: async (task) => (await entry).fetchTargets(task),
    runLoad: async (task) => (await entry).runLoad(task),
    [Symbol.asyncDispose]: async () => {
      await entry;
    },
  };
}
