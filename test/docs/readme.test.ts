// The README from its top, as a newcomer types it, in an empty folder: every command as it stands. What is not the same:
// `npm ci` has been done (a link to what it brought), the installation goes into the folder, and the port is any free one.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { freePort, ROOT } from '../helpers/program.ts';
import { copyHouse } from './house-copy.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const COMMAND_MS = 120_000;

/** The lines of every `sh` block, in order. */
const COMMANDS = [...README.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
  (block as string).trim().split('\n'),
);
const PROGRAMS = Array.from(README.matchAll(/```ts\n([\s\S]*?)```/g), ([, program]) => program as string);

/** This very run: a test that ran it would run itself. */
const RUNNING_NOW = 'npm ci && npm test';
const SERVER = 'spillway serve --delay 300ms';

/** What a person is told at the end, by the beginning of the command; nothing else may stand in the README. */
const TOLD: Readonly<Record<string, RegExp>> = {
  'npm ci && npm run bench -- --trials 10000 --cores auto': /^proof: 10000 planned = 10000 answered once/m,
  'npm install --global': /^added \d+ packages/m,
  'spillway bench --trials 1000000': /^proof: (\d+) planned = \1 answered once = \1 seen once/m,
  'spillway bench --trials 1000 --strategy': /multicore: computed value 499500 for 1000 trials in /,
  'spillway doctor': /^predicted: /m,
  'spillway fetch': /^10,000 targets = 10,000 ok \+ 0 failed \+ 0 skipped/m,
  'spillway verify': /^complete: 10000 of 10000/m,
  'spillway status': /^10,000 of 10,000 settled = 10,000 ok/m,
  'spillway resume': /already complete: 10,000 of 10,000, nothing was asked/,
  'spillway retry': /^nothing to retry: no target has failed that way/m,
};

test('the two commands stand at the top of the README', () => {
  assert.deepEqual(COMMANDS.slice(0, 2), [
    'npm ci && npm run bench -- --trials 10000 --cores auto',
    RUNNING_NOW,
  ]);
});

suite('the README, typed from its top into an empty folder', { timeout: 600_000 }, () => {
  let house = '';
  let port = 0;
  let server: ChildProcess | undefined;

  before(async () => {
    house = copyHouse();
    mkdirSync(join(house, 'installed'));
    port = await freePort();
  });
  after(async () => {
    if (server !== undefined) await end(server);
    rmSync(house, { recursive: true, force: true });
  });

  function type(line: string): ChildProcess {
    const path = [dirname(process.execPath), join(house, 'installed/bin'), process.env['PATH']].join(':');
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env;
    return spawn('sh', ['-c', line.replace('npm ci && ', '').replaceAll(':8000', `:${port}`)], {
      cwd: house,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...environment, PATH: path, npm_config_prefix: join(house, 'installed') },
    });
  }

  for (const command of COMMANDS) {
    if (command === RUNNING_NOW) continue;
    test(command, { timeout: COMMAND_MS }, async () => {
      if (command === SERVER) {
        server = type(`exec ${command} --port ${port}`);
        await printed(server, /^listening on http:\/\/127\.0\.0\.1:\d+ /m);
        return;
      }
      const told = Object.entries(TOLD).find(([beginning]) => command.startsWith(beginning))?.[1];
      assert.ok(told, `expected a row in TOLD for ${command}`);
      const { code, stdout, stderr } = await outcome(type(command));
      assert.equal(code, 0, `${stdout}${stderr}`);
      assert.match(stdout, told);
    });
  }

  test('the program in TypeScript', { timeout: COMMAND_MS }, async () => {
    assert.equal(PROGRAMS.length, 1);
    writeFileSync(join(house, 'readme.ts'), (PROGRAMS[0] as string).replaceAll(':8000', `:${port}`));
    const { code, stdout, stderr } = await outcome(type('node readme.ts'));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\/999 28$/m);
    assert.match(stdout, /^1000\n$/m);
  });

  test('a fetch that is killed is gone on with', { timeout: COMMAND_MS }, async () => {
    const fetch = COMMANDS.find((command) => command.startsWith('spillway fetch')) ?? '';
    const killed = type(`exec ${fetch.replace('--to pages', '--to killed --rate 1000')}`);
    await printed(killed, /\b[1-9]\d* of 10,000/);
    process.kill(-(killed.pid as number), 'SIGKILL');
    await outcome(killed);
    const { code, stdout, stderr } = await outcome(type('spillway resume killed --rate 0'));
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^10,000 targets = 10,000 ok \+ 0 failed \+ 0 skipped/m);
    assert.match(stdout, /of these, [1-9][\d,]* were settled before this session/);
  });
});

/** Resolves once `pattern` was printed, on either output; rejects when the program ends without. */
async function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      text += String(data);
      if (pattern.test(text)) resolve();
    });
  child.once('close', () => reject(new Error(`expected ${String(pattern)} to be printed, found ${text}`)));
  await promise;
}

async function outcome(
  child: ChildProcess,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data: Buffer) => (stdout += String(data)));
  child.stderr?.on('data', (data: Buffer) => (stderr += String(data)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** By the signal a person would send. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  process.kill(-(child.pid as number), 'SIGTERM');
  await closed;
}
