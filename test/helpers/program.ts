// Runs the built program as a person does, and looks after it for what it leaves behind.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
}

/** A program that runs in a process group of its own. */
export class Program {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';
  readonly #watching: (() => void)[] = [];

  constructor(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    if (!existsSync(MAIN)) throw new Error('expected the built program; run `npm run build` first');
    const startedMs = performance.now();
    const child = spawn(command, args, {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    this.pid = child.pid as number;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      for (const look of this.#watching) look();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout: this.stdout,
      stderr: this.stderr,
      wallMs: performance.now() - startedMs,
    }));
  }

  /** Resolves once `pattern` was printed on standard output; rejects when the program ends without. */
  async printed(pattern: RegExp): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = () => pattern.test(this.stdout) && resolve(true);
    this.#watching.push(look);
    look();
    const isThere = await Promise.race([promise, this.ended.then(() => pattern.test(this.stdout))]);
    if (!isThere)
      throw new Error(`expected ${String(pattern)} to be printed, found ${this.stdout}${this.stderr}`);
  }

  /** To the whole group, as Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Every process of the group that is still there, and no zombie. */
  get left(): number[] {
    return membersOf(this.pid);
  }
}

/** `spillway ARGS`, with the Node.js that runs the tests. */
export function runProgram(...args: readonly string[]): Program {
  return new Program(process.execPath, [MAIN, ...args]);
}

/** The same under `ulimit -n`. */
export function runUnderFileLimit(limit: number, ...args: readonly string[]): Program {
  const script = 'ulimit -n "$1"; shift; exec "$@"';
  return new Program('sh', ['-c', script, 'sh', String(limit), process.execPath, MAIN, ...args]);
}

function membersOf(group: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const [state, , pgrp] = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        return Number(pgrp) === group && state !== 'Z';
      } catch {
        return false;
      }
    });
}

/** A port that nobody listens on now, nor on the next one, below those that the system hands out by itself. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 12_000 + Math.floor(Math.random() * 10_000) * 2;
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
  throw new Error('expected a free port from 12000 to 32000, found none');
}

/** Whether the port can be taken. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  const isOpen = await once(server, 'listening').then(
    () => true,
    () => false,
  );
  if (isOpen) {
    server.close();
    await once(server, 'close');
  }
  return isOpen;
}
