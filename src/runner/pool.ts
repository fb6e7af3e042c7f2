// The worker pool: the only file that knows Piscina. Each worker gets one long task, because a task for each trial
// costs five times the CPU (docs/architecture.md has the figures); a range of trials goes out and the failures come
// back.

import { Piscina } from 'piscina';
import type { FetchTask } from '../model/fetch-task.ts';
import type { LoadTask } from '../model/load/load-task.ts';
import type { TrialResult, TrialTask } from '../model/messages.ts';
import { workerEntryUrl } from '../workers/entry-url.ts';

type RunOptions = NonNullable<Parameters<Piscina['run']>[1]>;

export interface WorkerPool extends AsyncDisposable {
  /** Runs one share in a thread of its own. Rejects when that thread dies; the pool has replaced it by then. */
  runTrials(task: TrialTask): Promise<TrialResult>;
  /** Runs one share of a fetch; its port goes to the thread. Rejects when that thread dies. */
  fetchTargets(task: FetchTask): Promise<void>;
  /** Runs one share of a load. Rejects when that thread dies. */
  runLoad(task: LoadTask): Promise<void>;
}

/**
 * Objects made for a connection live as long as it does, so a larger nursery only holds them longer: 10,000
 * connections on two threads took 148 MB with 5, 157 MB with 8, 180 MB with V8's own choice, at the same CPU; less
 * than 5 gains nothing.
 */
const YOUNG_GENERATION_MB = 5;

/**
 * Starts `workerCount` threads and keeps that many: a thread that dies is replaced. Does not wait for the threads;
 * the first tasks do.
 * @param entryUrl the file with the task functions, @default the engine's own
 * @param maxYoungBytes of each thread's heap for new objects, @default V8's choice, which grows with a run's length
 */
export function openPool(
  workerCount: number,
  entryUrl: URL = workerEntryUrl,
  maxYoungBytes?: number,
): WorkerPool {
  const piscina = new Piscina({
    filename: entryUrl.href,
    minThreads: workerCount,
    maxThreads: workerCount,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    // The default stops a thread's event loop between tasks, and with it the timers of its connections.
    atomics: 'disabled',
    recordTiming: false,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    ...(maxYoungBytes === undefined
      ? {}
      : { resourceLimits: { maxYoungGenerationSizeMb: maxYoungBytes / 2 ** 20 } }),
  });
  return {
    runTrials: (task) => piscina.run(task, { name: 'runTrials' }) as Promise<TrialResult>,
    fetchTargets: (task) => {
      // Piscina passes the list to `postMessage`; its types name another form of list.
      const transferList = [task.port] as unknown as RunOptions['transferList'];
      return piscina.run(task, { name: 'fetchTargets', transferList }) as Promise<void>;
    },
    runLoad: (task) => piscina.run(task, { name: 'runLoad' }) as Promise<void>,
    [Symbol.asyncDispose]: () => piscina.destroy(),
  };
}

interface Entry {
  runTrials(task: TrialTask): Promise<TrialResult>;
  fetchTargets(task: FetchTask): Promise<void>;
  runLoad(task: LoadTask): Promise<void>;
}

/**
 * Runs the workers' code in this thread, for profilers that see no other thread. Shares take turns on one event
 * loop, so a profile shows the engine's own cost and not the speed of several cores.
 * @param entryUrl the file with the task functions, @default the engine's own
 */
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
