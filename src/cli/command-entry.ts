// What the program knows of a command before it loads it.

import type { Command } from 'commander';

export interface CommandEntry {
  readonly name: string;
  readonly description: string;
  /** @returns a function that makes the command; its argument takes the exit code when the command is done */
  readonly load: () => Promise<(finish: (exitCode: number) => void) => Command>;
}
