// Where the worker's entry point is: the only thing that the runner knows of this folder.

import { programUrl } from '../program-url.ts';

/** For the pool: the file whose `runTrials` export is a task. */
export const workerEntryUrl = programUrl('workers/entry');
/** The file whose `fetchTargets` export is a task, in a kind of thread of its own. */
export const fetchEntryUrl = programUrl('workers/fetch-entry');
