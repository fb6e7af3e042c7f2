import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { countHandshakeLosses } from '../../src/lab/handshakes.ts';
import { TRANSPORTS } from '../../src/model/plan.ts';
import type { TallyData } from '../../src/model/record.ts';
import { answer, openRawServer, type RawConnection } from '../helpers/raw-server.ts';
import { assertAddsUp, runTrials, beginTrials, type TrialSetting } from '../helpers/trial-harness.ts';
import { waitUntil } from '../server/wait-until.ts';

const DEADLINE = { timeout: 30_000 };
const numberOf = (path: string): string => path.slice(1);

/** The two ways that connections are shared in HTTP/1.1, small enough to see through. */
const FAMILIES: readonly (readonly [name: string, setting: Omit<TrialSetting, 'trials'>])[] = [
  ['one-per-connection', { connections: 6 }],
  ['pipelined', { connections: 2, pipelining: 8 }],
];

/** Answers what came on a connection, up to so many requests, and then does what it is told. */
function answerSome(connection: RawConnection, path: string, count: number, then: () => void): void {
  if (connection.requests.length <= count) connection.write(answer(numberOf(path)));
  if (connection.requests.length === count) then();
}

for (const transport of TRANSPORTS) {
  for (const [family, setting] of FAMILIES) {
    const name = `${transport}, ${family}`;

    test(
      `${name}: a server that closes each connection after one answer gets every trial asked until it is answered`,
      DEADLINE,
      async () => {
        await using server = await openRawServer((connection, { path }) =>
          answerSome(connection, path, 1, () => connection.socket.end()),
        );
        const { tally } = await runTrials(server.origin, { ...setting, trials: 40, transport });
        assert.deepEqual([tally.ok, tally.failures], [40, {}]);
        // A request may be lost on its way to a connection that is closed already: sent and never seen.
        assert.ok(
          tally.attemptsSent >= server.requestCount,
          `${tally.attemptsSent} < ${server.requestCount}`,
        );
        assert.equal(tally.attemptsSent, 40 + tally.repeats);
        assert.ok(server.connections.length >= 40);
      },
    );

    test(
      `${name}: a server that closes in the middle of a pipeline loses nothing, and what it lost is counted`,
      DEADLINE,
      async () => {
        await using server = await openRawServer((connection, { path }) => {
          // It reads all that comes, so that it has seen every request that was sent.
          answerSome(connection, path, 3, () => setTimeout(() => connection.socket.end(), 20));
        });
        const { tally } = await runTrials(server.origin, { ...setting, trials: 60, transport });
        assert.deepEqual([tally.ok, tally.failures], [60, {}]);
        assert.equal(server.requestCount, tally.attemptsSent, 'server saw = attempts sent');
        assert.equal(tally.attemptsSent, 60 + tally.repeats);
        assert.ok(tally.repeats >= 1 && tally.requeued <= tally.repeats);
      },
    );

    test(
      `${name}: connections that are reset after two answers cost attempts and no trial`,
      DEADLINE,
      async () => {
        await using server = await openRawServer((connection, { path }) =>
          answerSome(connection, path, 2, () => setTimeout(() => connection.socket.resetAndDestroy(), 5)),
        );
        const { tally } = await runTrials(server.origin, { ...setting, trials: 40, transport });
        assert.deepEqual([tally.ok, tally.failures], [40, {}]);
        assert.equal(tally.attemptsSent, 40 + tally.repeats);
      },
    );

    test(
      `${name}: a server that resets every connection at once fails each trial after its attempts`,
      DEADLINE,
      async () => {
        await using server = await openRawServer(({ socket }) => socket.resetAndDestroy());
        const { tally, failures } = await runTrials(server.origin, {
          ...setting,
          trials: 20,
          transport,
          limits: { maxRetries: 2 },
        });
        assert.deepEqual(tally.failures, { 'connection-lost': 20 });
        assert.ok(failures.every(({ attempts }) => attempts === 3));
        assert.ok(tally.attemptsSent >= server.requestCount);
      },
    );

    test(
      `${name}: a server that never answers is given up as a whole after ten attempts without a byte`,
      DEADLINE,
      async () => {
        await using server = await openRawServer(() => {});
        const isPipelined = setting.pipelining !== undefined;
        const trials = 600;
        const { tally, failures } = await runTrials(server.origin, {
          ...setting,
          ...(isPipelined ? { pipelining: 30 } : {}),
          trials,
          transport,
          limits: { firstByteMs: 150, maxRetries: 4 },
        });
        assert.deepEqual(tally.failures, { 'first-byte-timeout': trials });
        assert.match(failures.at(-1)?.message ?? '', /10 attempts brought no byte/u);
        const connectionCount = server.connections.length;
        assert.ok(connectionCount <= 30, `${connectionCount} connections`);
        assert.ok(tally.attemptsSent <= 700, `${tally.attemptsSent} attempts`);
      },
    );

    test(
      `${name}: a server that keeps connections for two seconds has them used that long`,
      DEADLINE,
      async () => {
        await using server = await openRawServer((connection, { path }) => {
          const body = numberOf(path);
          connection.write(
            `HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nConnection: keep-alive\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
          );
        });
        const { tally } = await runTrials(server.origin, { ...setting, trials: 200, transport });
        assert.equal(tally.ok, 200);
        // A machine that stands still for two seconds may need each of the ten a second time.
        assert.ok(tally.connectionsOpened <= 20, `${tally.connectionsOpened} connections`);
      },
    );

    test(`${name}: a trial that fails at its second attempt is said to have had two`, DEADLINE, async () => {
      let silent: RawConnection | undefined;
      await using server = await openRawServer((connection, { path }) => {
        if (path === '/2') silent ??= connection;
        if (connection === silent) return;
        if (path !== '/2') connection.write(answer(numberOf(path)));
        else connection.write('HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n');
      });
      const { failures } = await runTrials(server.origin, {
        ...setting,
        trials: 6,
        transport,
        limits: { firstByteMs: 150 },
      });
      assert.deepEqual(
        failures.map(({ trial, code, attempts }) => [trial, code, attempts]),
        [[2, 'http-status', 2]],
      );
    });

    test(`${name}: one trial that is never answered fails alone`, DEADLINE, async () => {
      await using server = await openRawServer((connection, { path }) => {
        const isBlocked = connection.requests.some((request) => request.path === '/5');
        if (!isBlocked) connection.write(answer(numberOf(path)));
      });
      const { tally, failures } = await runTrials(server.origin, {
        ...setting,
        trials: 30,
        transport,
        limits: { firstByteMs: 150, maxRetries: 2 },
      });
      assert.deepEqual([tally.ok, tally.failures], [29, { 'first-byte-timeout': 1 }]);
      assert.deepEqual(
        failures.map(({ trial, attempts }) => [trial, attempts]),
        [[5, 3]],
      );
    });

    test(
      `${name}: answers that are 500, redirected or not HTTP fail by their name and are not asked again`,
      DEADLINE,
      async () => {
        const replies: Record<string, string> = {
          '/1': 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops',
          '/2': 'HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
          '/3': answer('3 '),
          '/4': answer(''),
          '/5': answer('005'),
        };
        await using server = await openRawServer((connection, { path }) =>
          connection.write(replies[path] ?? answer(numberOf(path))),
        );
        const { tally, failures } = await runTrials(server.origin, { ...setting, trials: 20, transport });
        assert.deepEqual([tally.ok, tally.failures], [15, { 'http-status': 2, 'wrong-answer': 3 }]);
        const messages = Object.fromEntries(failures.map(({ trial, message }) => [trial, message]));
        assert.deepEqual(messages, {
          1: 'expected a status of 2xx, got 500',
          2: 'expected a status of 2xx, got 302',
          3: 'expected the answer 3, got a body that is not a number',
          4: 'expected the answer 4, got an empty body',
          5: 'expected the answer 5, got it in 3 bytes, not in plain decimal',
        });
      },
    );

    test(`${name}: a server that answers twice is never believed the second time`, DEADLINE, async () => {
      await using server = await openRawServer((connection, { path }) =>
        connection.write(answer(numberOf(path)).repeat(2)),
      );
      const { tally } = await runTrials(server.origin, { ...setting, trials: 30, transport });
      if (setting.pipelining === undefined) assert.ok(tally.surplusAnswers >= 1, 'it is counted');
      // The surplus answer meets no request, or the next one, for which it is wrong: never right for another trial.
      assert.equal(tally.ok + tally.failed, 30);
      const named = new Set(['wrong-answer', 'connection-lost', 'protocol']);
      assert.deepEqual(
        Object.keys(tally.failures).filter((code) => !named.has(code)),
        [],
      );
      assert.equal(tally.attemptsSent, 30 + tally.repeats);
    });

    test(`${name}: an endless body is cut, and a body above its cap is named`, DEADLINE, async () => {
      await using server = await openRawServer((connection, { path }) => {
        if (path !== '/3') {
          connection.write(answer(numberOf(path)));
          return;
        }
        connection.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n');
        const timer = setInterval(() => connection.write('3'.repeat(10_000)), 5);
        connection.socket.once('close', () => clearInterval(timer));
      });
      const { tally, failures } = await runTrials(server.origin, { ...setting, trials: 20, transport });
      assert.deepEqual([tally.ok, tally.failures], [19, { 'body-too-large': 1 }]);
      assert.deepEqual(
        failures.map(({ trial }) => trial),
        [3],
      );
    });

    test(`${name}: an answer that stands still is cut at the idle deadline`, DEADLINE, async () => {
      await using server = await openRawServer((connection, { path }) => {
        const isBlocked = connection.requests.slice(0, -1).some((request) => request.path === '/2');
        if (path === '/2') connection.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n');
        else if (!isBlocked) connection.write(answer(numberOf(path)));
      });
      const { tally } = await runTrials(server.origin, {
        ...setting,
        trials: 12,
        transport,
        limits: { idleMs: 100, maxRetries: 1 },
      });
      assert.deepEqual([tally.ok, tally.failures], [11, { 'idle-timeout': 1 }]);
    });
  }

  test(
    `${transport}: a server that is gone after a while refuses the rest, and the run ends with its account`,
    DEADLINE,
    async () => {
      const server = await openRawServer((connection, { path }) => connection.write(answer(numberOf(path))));
      let isClosing: PromiseLike<void> | undefined;
      const run = beginTrials(server.origin, {
        trials: 2_000,
        transport,
        connections: 4,
        limits: { maxRetries: 1 },
        onSnapshot: () => {},
      });
      await waitUntil('some are answered', () => run.ledger.tally().ok > 50);
      isClosing ??= server[Symbol.asyncDispose]();
      const report = await run.report;
      await isClosing;
      assertAddsUp(run, report);
      assert.equal(report.tally.ok + report.tally.failed, 2_000);
      assert.ok((report.tally.failures['connect-refused'] ?? 0) > 0, JSON.stringify(report.tally.failures));
      assert.match(report.failures.at(-1)?.message ?? '', /ECONNREFUSED/);
    },
  );
}

for (const transport of TRANSPORTS) {
  test(
    `${transport}: an accept queue of one that nobody empties delays connects by a second, and that is found`,
    DEADLINE,
    async (t) => {
      const { port, pid } = await openStallingServer(t, 1);
      process.kill(pid, 'SIGSTOP');
      const run = beginTrials(`http://127.0.0.1:${port}`, {
        trials: 40,
        transport,
        connections: 40,
        maxConnecting: 12,
      });
      let mostConnecting = 0;
      try {
        // The kernel takes two connections beyond what a stopped process accepted, and drops the others' SYNs.
        await waitUntil('connects are waiting', () => {
          mostConnecting = Math.max(mostConnecting, countConnecting(port));
          return mostConnecting >= 8;
        });
        await waitUntil('a SYN was sent again', () => {
          mostConnecting = Math.max(mostConnecting, countConnecting(port));
          return run.ledger.tally().ok > 0 || hasRetransmitted(port);
        });
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      const report = await run.report;
      assertAddsUp(run, report);
      assert.equal(report.tally.ok, 40);
      assert.ok(mostConnecting <= 12, `expected at most 12 in the making, found ${mostConnecting}`);
      const losses = countHandshakeLosses(report);
      assert.ok(losses.lost >= 1, 'the kernel counted what it dropped');
      assert.ok(losses.delayed >= 1 && losses.delayed <= 40, `${losses.delayed} connections late`);
    },
  );
}

for (const transport of TRANSPORTS) {
  test(
    `${transport}: when files run out the cap on connections shrinks, and every trial is still answered`,
    DEADLINE,
    async () => {
      await using server = await openRawServer((connection, { path }) => {
        setTimeout(() => connection.write(answer(numberOf(path))), 20);
      });
      const tally = await runStarved(server.origin, { transport, left: 12, trials: 100, connections: 40 });
      assert.deepEqual([tally.ok, tally.failures], [100, {}]);
      assert.ok(tally.shrinks >= 25 && tally.shrinks <= 39, `${tally.shrinks} of 40 connections given up`);
      assert.ok(
        tally.connectionsPeak >= 1 && tally.connectionsPeak <= 12,
        `${tally.connectionsPeak} at most`,
      );
      assert.equal(tally.attemptsSent, server.requestCount);
    },
  );

  test(
    `${transport}: when no file is left at all each trial fails for that, and the run ends`,
    DEADLINE,
    async () => {
      await using server = await openRawServer(() => {});
      const tally = await runStarved(server.origin, { transport, left: 0, trials: 30, connections: 10 });
      assert.deepEqual([tally.ok, tally.failures], [0, { 'out-of-files': 30 }]);
      assert.equal(tally.shrinks, 9, 'the last connection is not given up');
      assert.deepEqual([tally.attemptsSent, server.requestCount], [0, 0]);
    },
  );
}

interface Starved {
  readonly transport: string;
  /** Files that the client has left when it begins. */
  readonly left: number;
  readonly trials: number;
  readonly connections: number;
}

async function runStarved(
  origin: string,
  { transport, left, trials, connections }: Starved,
): Promise<TallyData> {
  const script = new URL('../helpers/starved-client.ts', import.meta.url).pathname;
  const args = [script, origin, transport, left, trials, connections].map(String);
  const shell = ['-c', 'ulimit -n 128; exec "$@"', 'sh', process.execPath, ...args];
  const child = spawn('sh', shell, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  assert.equal(code, 0, 'the client came to its end');
  return JSON.parse(text) as TallyData;
}

/** Sockets towards the port that sent a SYN and have no answer. The kernel may list one twice while others come and go. */
function connectingSockets(port: number): string[][] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'utf8').trim().split('\n').slice(1);
  const rows = lines.map((line) => line.trim().split(/\s+/));
  const connecting = rows.filter(
    ([, , remote, state]) => remote?.endsWith(`:${hex}`) === true && state === '02',
  );
  return [...new Map(connecting.map((row) => [row[1], row])).values()];
}

function countConnecting(port: number): number {
  return connectingSockets(port).length;
}

/** The column of retransmissions of any of them. */
function hasRetransmitted(port: number): boolean {
  return connectingSockets(port).some((row) => Number.parseInt(row[6] ?? '0', 16) > 0);
}

async function openStallingServer(t: TestContext, backlog: number): Promise<{ port: number; pid: number }> {
  const script = new URL('../helpers/stalling-server.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, String(backlog)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { port: Number(line.toString()), pid: child.pid as number };
}
