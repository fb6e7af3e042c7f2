// The entry point of a thread that is started for a fetch before its task exists: it loads its code while the
// main thread still loads its own and opens the run.

export { fetchTargets } from './entry.ts';

// An error of this import is reported when the task is called.
import('./fetch/fetch-targets.ts').catch(() => {});
