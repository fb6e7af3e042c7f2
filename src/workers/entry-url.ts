// Where the worker's entry is: the one thing the runner knows of this room.

import { programUrl } from '../program-url.ts';

/** For the pool: the file whose `runTrials` export is a task. */
export const workerEntryUrl = programUrl('workers/entry');
/** The same for `fetchTargets`, in a thread of its own kind. */
export const fetchEntryUrl = programUrl('workers/fetch-entry');
