// The commands by name. Only the command that was typed is loaded: a line of help needs no worker pool.

import type { CommandEntry } from './command-entry.ts';

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'bench',
    description: 'fetch n answers that take a second each, on every core, and prove that each came once',
    load: async () => (await import('./bench/bench.ts')).makeBenchCommand,
  },
  {
    name: 'fetch',
    description: 'download a list of URLs on every core, each target settled once',
    load: async () => (await import('./fetch/fetch.ts')).makeFetchCommand,
  },
  {
    name: 'resume',
    description:
      'go on with a fetch that did not come to its end: nothing that is settled is asked for again',
    load: async () => (await import('./fetch/resume.ts')).makeResumeCommand,
  },
  {
    name: 'retry',
    description: 'fetch the targets of a run that failed again, all or by class',
    load: async () => (await import('./fetch/resume.ts')).makeRetryCommand,
  },
  {
    name: 'status',
    description: 'show where a run stands: live or dead, counts, failures by class, sessions',
    load: async () => (await import('./fetch/status.ts')).makeStatusCommand,
  },
  {
    name: 'outcomes',
    description: 'print what became of each target of a run, a line of JSON each, in the order of the list',
    load: async () => (await import('./fetch/outcomes.ts')).makeOutcomesCommand,
  },
  {
    name: 'verify',
    description: 'read every file of a fetch again and compare it with the record; exit 0 only when complete',
    load: async () => (await import('./fetch/verify.ts')).makeVerifyCommand,
  },
  {
    name: 'doctor',
    description:
      'show what this machine allows, what a bench would take of it, and what would lift each limit',
    load: async () => (await import('./bench/doctor.ts')).makeDoctorCommand,
  },
  {
    name: 'compare',
    description: 'compare two records of bench: what changed from A to B, and whether it is more than chance',
    load: async () => (await import('./bench/compare.ts')).makeCompareCommand,
  },
  {
    name: 'load',
    description: 'load-test any service, closed or at a rate, and say what it answered and what bounded it',
    load: async () => (await import('./load/load.ts')).makeLoadCommand,
  },
  {
    name: 'serve',
    description:
      'run the mock server: /0 … /n-1 after a delay, bodies of any size, and a paginated list of files',
    load: async () => (await import('./serve/serve.ts')).makeServeCommand,
  },
  {
    name: 'completion',
    description: 'print a script that completes command lines in bash, zsh or fish',
    load: async () => {
      const { makeCompletionCommand } = await import('./complete/completion.ts');
      return (finish) => makeCompletionCommand(finish, COMMANDS);
    },
  },
];
