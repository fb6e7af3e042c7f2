import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { explainOldNode } from '../../src/cli/node-version.ts';
import { answer, openRawServer } from '../helpers/raw-server.ts';
import {
  type Ended,
  freePort,
  isFree,
  MAIN,
  Program,
  runProgram,
  runUnderFileLimit,
} from '../helpers/program.ts';
import { waitUntil } from '../server/wait-until.ts';
import type { Comparison } from '../../src/model/comparison.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const DEADLINE = { timeout: 60_000 };

/** One message on standard error, nothing on standard output, no stack. */
function assertRefused({ code, stdout, stderr }: Ended, exitCode: number, message: RegExp): void {
  assert.equal(code, exitCode, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /\n\s+at |a bug/);
}

const MISUSE: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [['--trials', '0'], /^spillway: --trials: expected a whole number from 1 to 67108864, found "0"\n$/],
  [['--trials', '-1'], /^spillway: --trials: expected .* found "-1"\n$/],
  [['--trials', 'abc'], /^spillway: --trials: expected .* found "abc"\n$/],
  [['--trials', '1.5'], /^spillway: --trials: expected .* found "1\.5"\n$/],
  [['--cores', '0'], /^spillway: --cores: expected auto or a whole number of 1 or more, found "0"\n$/],
  [
    ['--cores', '99999'],
    /^spillway: expected --cores to be auto or a whole number from 1 to \d+ .* found 99999;/,
  ],
  [['--trails', '5'], /^error: unknown option '--trails'\n\(Did you mean --trials\?\)/],
  [['--pipelining', '0'], /^spillway: --pipelining: expected auto or a whole number/],
  [
    ['--pipelining', '8'],
    /^spillway: --pipelining: expected 1 for --family one-per-connection, found 8; add --family pipelined or h2c, or leave --pipelining out\n$/,
  ],
  [
    ['--strategy', 'async,mine:pipelining=4', '--rounds', '1'],
    /^spillway: strategy mine: --pipelining: expected 1 for --family one-per-connection, found 4;/,
  ],
  [['--strategy', 'async', '--pipelining', '2'], /^spillway: strategy async: --pipelining: expected 1/],
  [['--family', 'h3'], /^spillway: --family: expected one-per-connection, pipelined or h2c, found "h3"\n$/],
  [['--delay', '5'], /^spillway: --delay: expected a time .* such as 300ms or 1s, found "5"\n$/],
  [['--origin', 'ftp://x'], /^spillway: --origin: expected an origin such as/],
  [['--origin', 'http://user:secret@127.0.0.1/'], /^spillway: --origin: expected an origin/],
  [['10000'], /^error: too many arguments/],
  [
    ['--trials', '0', '--cores', 'x', '--delay', '5'],
    /^spillway: --trials: [^\n]*\n--cores: [^\n]*\n--delay: [^\n]*\n$/,
  ],
  [
    ['--json', '/nonexistent/record.json'],
    /^spillway: --json: expected a file that can be written, found ENOENT/,
  ],
  [['--json', '/proc/record.json'], /^spillway: --json: expected a file that can be written/],
  [['--strategy', 'foo'], /^spillway: --strategy: expected all, .*=50, found "foo"\n$/],
  [['--report', '/proc/report'], /^spillway: --report: expected a directory that can be written or made/],
  [['--report', '/etc/passwd/report'], /^spillway: --report: expected a directory/],
  [['--report', '/etc/passwd'], /^spillway: --report: expected a directory/],
  [
    ['--scenario', 'pages', '--origin', 'http://127.0.0.1:1', '--replicas', '2', '--report', '/tmp/none'],
    /^spillway: --report: expected to be left out with --scenario pages\n--origin: [^\n]* pages\n--replicas: [^\n]* pages\n$/,
  ],
  [
    ['--scenario', 'pages', '--cores', 'auto', '--in-process', '--scaling'],
    /^spillway: --cores: [^\n]* pages\n--scaling: [^\n]* pages\n--in-process: [^\n]* pages\n$/,
  ],
  [['--files', '25'], /^spillway: --files: expected to be left out without --scenario pages\n$/],
  [
    ['--report', 'tinybench', '--json', 'x.json', '--scaling'],
    /^spillway: --scaling: expected to be left out with --report tinybench, which has no rounds\n--json: [^\n]* rounds\n$/,
  ],
  [
    ['--in-process', '--processes', '2'],
    /^spillway: --in-process: expected to be left out with --processes 2, [^\n]*\n$/,
  ],
  [
    ['--origin', 'http://127.0.0.1:1', '--port', '0', '--server', 'lean', '--replicas', '2'],
    /^spillway: --replicas: expected to be left out with --origin, [^\n]*\n--server: [^\n]*\n--port: [^\n]*\n$/,
  ],
];

test(
  'a value that cannot be is one message with what was expected and found, and exit code 2',
  DEADLINE,
  async () => {
    for (const [args, message] of MISUSE) {
      assertRefused(await runProgram('bench', ...args).ended, 2, message);
    }
  },
);

test('a directory is no file for a record', DEADLINE, async (t) => {
  const directory = scratchDirectory(t);
  assertRefused(await runProgram('bench', '--json', directory).ended, 2, /--json: expected a file/);
});

test('a record that cannot be written in the end leaves the account, and says so', DEADLINE, async () => {
  const { code, stdout, stderr } = await runProgram(
    'bench',
    '--trials',
    '5',
    '--delay',
    '0',
    '--json',
    '/dev/full',
  ).ended;
  assert.equal(code, 4);
  assert.match(stdout, /^multicore: computed value 10 for 5 trials/m);
  assert.match(stderr, /^spillway: expected to write the record to \/dev\/full, found ENOSPC/);
});

test('a reader that leaves costs the rest of the text, not the run', DEADLINE, async (t) => {
  const record = join(scratchDirectory(t), 'record.json');
  const script = '{ "$@"; echo "ended with $?" >&2; } | head -1';
  const args = ['sh', process.execPath, MAIN, 'bench', '--trials', '20', '--delay', '0', '--json', record];
  const { stdout, stderr } = await new Program('sh', ['-c', script, ...args]).ended;
  assert.match(stdout, /^plan: [^\n]*\n$/);
  assert.equal(stderr, 'ended with 0\n');
  assert.equal((JSON.parse(readFileSync(record, 'utf8')) as { tally: { ok: number } }).tally.ok, 20);
});

test('a standard output that takes nothing is one message and exit code 4', {
  ...DEADLINE,
  skip: !existsSync('/dev/full') && 'no full device',
}, async () => {
  const args = ['sh', process.execPath, MAIN, 'bench', '--trials', '20', '--delay', '0'];
  const { code, stderr } = await new Program('sh', ['-c', '"$@" > /dev/full', ...args]).ended;
  assert.equal(code, 4);
  assert.match(stderr, /^spillway: expected to write to standard output, found ENOSPC[^\n]*\n$/);
});

test('a named pipe gets the record', DEADLINE, async (t) => {
  const pipe = join(scratchDirectory(t), 'pipe');
  const script = 'mkfifo "$1"; cat "$1" & shift; "$@" >&2; wait';
  const args = [
    'sh',
    pipe,
    process.execPath,
    MAIN,
    'bench',
    '--trials',
    '20',
    '--delay',
    '0',
    '--json',
    pipe,
  ];
  const { code, stdout } = await new Program('sh', ['-c', script, ...args]).ended;
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as { tally: { ok: number } }).tally.ok, 20);
});

test('an unknown command is misuse', DEADLINE, async () => {
  assertRefused(await runProgram('bnech').ended, 2, /unknown command 'bnech'\n\(Did you mean bench\?\)/);
});

test('a busy port is named, with what to do', DEADLINE, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const program = runProgram('bench', '--trials', '10', '--port', `${port}`);
  assertRefused(
    await program.ended,
    2,
    new RegExp(`^spillway: expected 127\\.0\\.0\\.1:${port} to be free, found .*; .*\\n$`),
  );
  assert.deepEqual(program.left, []);
  server.close();
});

test('an origin that refuses is named, with what to do', DEADLINE, async () => {
  const port = await freePort();
  assertRefused(
    await runProgram('bench', '--trials', '10', '--origin', `http://127.0.0.1:${port}`).ended,
    2,
    /^spillway: expected a server at http:\/\/127\.0\.0\.1:\d+, found ECONNREFUSED; start one with/,
  );
});

test(
  'an origin that never answers fails at the deadline that was given, with exit code 1',
  DEADLINE,
  async () => {
    await using server = await openRawServer(() => {});
    const options = ['--trials', '6', '--delay', '0', '--deadline', '300ms', '--retries', '1'];
    const { code, stdout } = await runProgram('bench', ...options, '--origin', server.origin).ended;
    assert.equal(code, 1);
    assert.match(stdout, /^multicore: computed value 0 for 0 trials/m);
    assert.match(stdout, /^proof: BROKEN: 6 planned, 0 answered once$/m);
    assert.match(stdout, /^failed: 6 first-byte-timeout$/m);
    assert.match(
      stdout,
      /\/\d: first-byte-timeout after 2 attempt\(s\): expected a first byte within 300 ms/,
    );
  },
);

test(
  'an origin that answers wrong breaks the proof and names the trials, with exit code 1',
  DEADLINE,
  async () => {
    const swapped: Record<string, string> = { '/1': '2', '/4': '3', '/2': '1', '/3': '4' };
    await using server = await openRawServer((connection, { path }) =>
      connection.write(answer(swapped[path] ?? path.slice(1))),
    );
    const { code, stdout } = await runProgram('bench', '--trials', '6', '--origin', server.origin).ended;
    assert.equal(code, 1);
    assert.match(stdout, /4 answered wrong: (\/[1-4](, )?){4}/);
  },
);

test(
  'more than the system allows is refused with what would lift it, and exit code 3',
  DEADLINE,
  async () => {
    const args = ['bench', '--trials', '100000', '--connections', '2000', '--cores', '1'];
    const ended = await runUnderFileLimit(256, ...args).ended;
    assertRefused(ended, 3, /expected room for \d+ connections .*256 open files.*\n {2}ulimit -n \d+/);
    assert.match(ended.stderr, /spillway doctor/);
  },
);

for (const [limit, trials] of [
  [64, 60],
  [256, 800],
  [1024, 2000],
] as const) {
  test(
    `under ulimit -n ${limit} ${trials} trials run in waves that fit, and the proof is whole`,
    DEADLINE,
    async () => {
      const options = ['--trials', `${trials}`, '--delay', '50ms', '--cores', '1'];
      const program = runUnderFileLimit(limit, 'bench', ...options);
      const { code, stdout, stderr } = await program.ended;
      assert.equal(code, 0, stdout + stderr);
      const connections = Number(/(\d+) connections in flight, (\d+) waves/.exec(stdout)?.[1]);
      assert.ok(connections >= 1 && connections < limit, stdout);
      assert.match(
        stdout,
        new RegExp(`^proof: ${trials} planned = ${trials} answered once = ${trials} seen once`, 'm'),
      );
      assert.doesNotMatch(stdout + stderr, /EMFILE|out-of-files/);
      assert.deepEqual(program.left, []);
    },
  );
}

test(
  'Ctrl-C drains: a partial account that adds up, exit code 130, no process and no port left',
  DEADLINE,
  async () => {
    const port = await freePort();
    const options = ['--trials', '4000', '--connections', '50', '--delay', '100ms', '--port', `${port}`];
    const program = runProgram('bench', ...options);
    await program.printed(/^plan: /m);
    await waitUntil('some are answered', async () => (await trialsAt(port)).answered >= 50);
    const startMs = performance.now();
    program.signalGroup('SIGINT');
    const { code, stdout, stderr } = await program.ended;
    const tookMs = performance.now() - startMs;
    assert.equal(code, 130, stdout + stderr);
    assert.ok(tookMs < 6_000, `${tookMs} ms`);
    const [, ok, skipped] =
      /for (\d+) trials in .* (?:drained|aborted) with (\d+) trials not begun/.exec(stdout) ?? [];
    const failed = Number(/^failed: (\d+) aborted/m.exec(stdout)?.[1] ?? 0);
    assert.equal(Number(ok) + failed + Number(skipped), 4_000, stdout);
    assert.match(stdout, /^proof: partial: 4000 planned/m);
    assert.deepEqual(program.left, []);
    assert.ok(await isFree(port));
  },
);

for (const [name, signals] of [
  ['SIGTERM', ['SIGTERM']],
  ['SIGHUP', ['SIGHUP']],
  ['a second Ctrl-C', ['SIGINT', 'SIGINT']],
] as const) {
  test(
    `${name} with answers that are an hour away cuts them, and the account says so`,
    DEADLINE,
    async () => {
      const port = await freePort();
      const program = runProgram('bench', '--trials', '40', '--delay', '1h', '--port', `${port}`);
      await program.printed(/^plan: /m);
      await waitUntil('all are in flight', async () => (await trialsAt(port)).inFlight === 40);
      const startMs = performance.now();
      for (const signal of signals) {
        program.signalGroup(signal);
        // Two at once would be taken for one by the system.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const { code, stdout, stderr } = await program.ended;
      assert.equal(code, 130, stdout + stderr);
      assert.ok(performance.now() - startMs < 6_000);
      assert.match(stdout, /^multicore: computed value 0 for 0 trials/m);
      assert.match(stdout, /^proof: partial: 40 planned/m);
      assert.deepEqual(program.left, []);
      assert.ok(await isFree(port));
    },
  );
}

for (const signal of ['SIGTERM', 'SIGHUP'] as const)
  test(`${signal} to the group of two client processes keeps what they had sent`, DEADLINE, async () => {
    const port = await freePort();
    const options = ['--trials', '4000', '--connections', '50', '--processes', '2', '--delay', '100ms'];
    const program = runProgram('bench', ...options, '--port', `${port}`);
    await program.printed(/^plan: /m);
    await waitUntil('some are answered', async () => (await trialsAt(port)).answered >= 200);
    program.signalGroup(signal);
    const { code, stdout, stderr } = await program.ended;
    assert.equal(code, 130, stdout + stderr);
    const ok = Number(/ for (\d+) trials in /u.exec(stdout)?.[1]);
    assert.ok(ok >= 150, stdout);
    assert.match(stdout, /^proof: partial: 4000 planned, \d+ answered once/mu);
    assert.doesNotMatch(stdout, /died/u);
  });

test('Ctrl-C while a later round starts keeps the rounds that are finished', DEADLINE, async () => {
  const program = runProgram('bench', ...'--trials 40 --delay 1ms --rounds 300 --json -'.split(' '));
  await waitUntil('a round is over', () => /round 1: multicore/u.test(program.stderr));
  program.signalGroup('SIGINT');
  const { code, stdout, stderr } = await program.ended;
  assert.equal(code, 130, stderr);
  const record = JSON.parse(stdout) as Comparison;
  assert.equal(record.isInterrupted, true);
  assert.ok((record.strategies[0]?.rounds.length ?? 0) >= 1, stderr);
});

test('Ctrl-C before anything was asked leaves nothing behind either', DEADLINE, async () => {
  const program = runProgram('bench', '--trials', '40', '--delay', '1h');
  await waitUntil('a replica is being started', () => program.left.length > 1);
  program.signalGroup('SIGINT');
  const { code, signal } = await program.ended;
  assert.ok(code === 130 || signal === 'SIGINT', `${code} ${signal}`);
  assert.deepEqual(program.left, []);
});

test('a Node.js that is too old gets one line that says what to do', DEADLINE, async () => {
  assert.equal(explainOldNode('24.0.0'), null);
  assert.equal(explainOldNode('26.10.0'), null);
  assert.match(
    explainOldNode('20.19.0') ?? '',
    /^spillway: expected Node\.js 24 or newer, found 20\.19\.0; .*npm ci/,
  );
  const old = findOldNode();
  if (old === null) return;
  assertRefused(
    await new Program(old, [MAIN, 'bench']).ended,
    2,
    /^spillway: expected Node\.js 24 or newer[^\n]*\n$/,
  );
});

/** What the mock server that a bench started says of itself. */
async function trialsAt(port: number): Promise<{ readonly inFlight: number; readonly answered: number }> {
  const response = await fetch(`http://127.0.0.1:${port}/stats`);
  return ((await response.json()) as { trials: { inFlight: number; answered: number } }).trials;
}

/** A Node.js of the system that is older than the program takes, where there is one. */
function findOldNode(): string | null {
  try {
    const version = execFileSync('/usr/bin/node', ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(version)?.[1]) < 24 ? '/usr/bin/node' : null;
  } catch {
    return null;
  }
}
