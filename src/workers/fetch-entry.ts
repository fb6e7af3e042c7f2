// The entry point of a thread that is started for a fetch, ahead of its task: loads its code while the main thread still
// loads its own and opens the run.

export { fetchTargets } from './entry.ts';

// Whoever asks for the task is told what went wrong.
import('./fetch/fetch-targets.ts').catch(() => {});
