// The program as a person runs it from its source, in a directory of the test's own, to be killed at any moment; and a
// server that counts what it was asked for, which is the only witness of what was fetched twice.

import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';

const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const DEADLINE_MS = 60_000;

export interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `spillway ARGS` in `cwd`; `stdin` is its whole input, null leaves it open. Killed when the test ends. */
export function start(
  t: TestContext,
  cwd: string,
  args: readonly string[],
  stdin: string | null = '',
): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: 'pipe' });
  child.stdin.on('error', () => {});
  if (stdin === null) child.stdin.write('');
  else child.stdin.end(stdin);
  return watch(t, child);
}

function watch(t: TestContext, child: ChildProcessWithoutNullStreams): Running {
  t.after(() => child.kill('SIGKILL'));
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]).then(
    ([[exitCode, signal], stdout, stderr]) => {
      clearTimeout(timer);
      return { exitCode: exitCode as number | null, signal: signal as NodeJS.Signals | null, stdout, stderr };
    },
  );
  return { child, ended };
}

/**
 * The same where no file may grow past so many KiB, as on a full disk: the write fails, and the program lives. Takes the
 * shell's `ulimit -f`, whose blocks are of 512 bytes.
 */
export async function runWithSmallFiles(
  t: TestContext,
  cwd: string,
  args: readonly string[],
  maxKiB: number,
): Promise<Ended> {
  const script = 'trap "" XFSZ; ulimit -f "$1"; shift; exec "$@"';
  return watch(
    t,
    spawn('sh', ['-c', script, 'sh', String(maxKiB * 2), process.execPath, MAIN, ...args], {
      cwd,
      stdio: 'pipe',
    }),
  ).ended;
}

export function run(
  t: TestContext,
  cwd: string,
  args: readonly string[],
  stdin: string | null = '',
): Promise<Ended> {
  return start(t, cwd, args, stdin).ended;
}

export interface Witness {
  readonly origin: string;
  /** Requests by path. */
  readonly counts: ReadonlyMap<string, number>;
  /** Requests in all. */
  readonly total: number;
  /** Paths that were asked for more than once. */
  readonly repeated: number;
  /** Resolves once `count` requests have come. */
  seen(count: number): Promise<void>;
}

export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  nth: number,
) => void | Promise<void>;

/** A server on a port of its own until `t` ends; `answer` is told how often the path was asked for, from 1. */
export async function witness(t: TestContext, answer: Answer): Promise<Witness> {
  const counts = new Map<string, number>();
  const waiting: { count: number; resolve: () => void }[] = [];
  let total = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    total++;
    for (const waiter of waiting) if (total >= waiter.count) waiter.resolve();
    void answer(request, response, nth);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    get total() {
      return total;
    },
    get repeated() {
      return [...counts.values()].filter((count) => count > 1).length;
    },
    seen: (count) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const timer = setTimeout(() => reject(new Error(`saw ${total} of ${count} requests`)), DEADLINE_MS);
      waiting.push({ count, resolve });
      if (total >= count) resolve();
      return promise.finally(() => clearTimeout(timer));
    },
  };
}
