// Where the worker's entry is: the one thing the runner knows of this room. Sources run as .ts, the built program as
// .js; its code may lie in another directory of dist (tools/build.ts), from which `../workers/` leads here all the same.

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** For the pool: the file whose `runTrials` export is a task. */
export const workerEntryUrl = new URL(`../workers/entry.${extension}`, import.meta.url);
/** The same for `fetchTargets`, in a thread of its own kind. */
export const fetchEntryUrl = new URL(`../workers/fetch-entry.${extension}`, import.meta.url);
