// Runs one command as its own process, with a time limit, and returns its output with the kernel's account of it.
// Knows no program: the caller interprets the output.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { endWithUs } from './end-with-us.ts';
import type { ProcessAccount } from './measurement.ts';
import { PYTHON } from './programs.ts';
import { repositoryDir } from './repository.ts';

export interface ProcessRun {
  readonly stdout: string;
  readonly stderr: string;
  /** null where the command could not be started or was ended because it took too long. */
  readonly account: ProcessAccount | null;
  readonly isTimedOut: boolean;
}

export interface MeasureOptions {
  /** After so long the command and the processes it started are killed. */
  readonly timeoutMs: number;
  /** Processor the command is held to; none when left out. */
  readonly core?: number | undefined;
  /** @default the repository's root */
  readonly cwd?: string;
}

/** `node` in a command is the Node.js this file runs on, whatever the PATH says. */
export const commandEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}:/usr/sbin`,
  NO_COLOR: '1',
};

export async function measureProcess(
  command: readonly string[],
  options: MeasureOptions,
): Promise<ProcessRun> {
  const pinned = options.core === undefined ? command : ['taskset', '-c', String(options.core), ...command];
  const wrapper = join(import.meta.dirname, 'rusage.py');
  const child = spawn(PYTHON, ['-S', '-E', wrapper, ...pinned], {
    cwd: options.cwd ?? repositoryDir,
    env: commandEnvironment,
    // A group of its own, so that a timeout ends the command and not only the wrapper.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  let isTimedOut = false;
  const killGroup = (): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group is gone already.
    }
  };
  const forget = endWithUs(killGroup);
  const timer = setTimeout(() => {
    isTimedOut = true;
    killGroup();
  }, options.timeoutMs);
  try {
    const [, stdout, stderr, account] = await Promise.all([
      ended,
      text(child.stdout as Readable),
      text(child.stderr as Readable),
      text(child.stdio[3] as Readable),
    ]);
    return {
      stdout,
      stderr,
      account: account.trim() === '' || isTimedOut ? null : (JSON.parse(account) as ProcessAccount),
      isTimedOut,
    };
  } finally {
    clearTimeout(timer);
    // What a command leaves behind would be measured with the next one.
    killGroup();
    forget();
  }
}
