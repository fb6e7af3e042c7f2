import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { JournalReader } from '../../src/runner/fetch/record/journal-reader.ts';
import { run, start } from '../helpers/fetch-process.ts';
import { PacedBody } from '../helpers/paced-body.ts';
import { scratchDirectory } from '../helpers/scratch.ts';

const BODY = randomBytes(24_000_000);
const MiB = 2 ** 20;
const digestOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');

interface World {
  readonly server: PacedBody;
  readonly cwd: string;
  readonly command: readonly string[];
}

async function open(t: TestContext, to = 'out'): Promise<World> {
  const server = new PacedBody(BODY);
  const origin = await server.listen();
  t.after(() => server[Symbol.asyncDispose]());
  return {
    server,
    cwd: scratchDirectory(t),
    command: ['fetch', `${origin}/big.bin`, '--to', to, '--cores', '1', '--quiet', '--retries', '1'],
  };
}

/** Runs `args` and kills it once the server has sent `bytes` more. */
async function killAfter(
  t: TestContext,
  { server, cwd }: World,
  args: readonly string[],
  bytes: number,
): Promise<void> {
  const { child, ended } = start(t, cwd, args);
  await server.sent(server.sentBytes + bytes);
  child.kill('SIGKILL');
  assert.equal((await ended).signal, 'SIGKILL');
}

function outcomeOf(record: string): { sha256?: string; status: number } {
  using reader = new JournalReader(record);
  const [outcome] = [...reader.outcomes()];
  return outcome as { sha256: string; status: number };
}

test('a body is gone on with after kill -9, by the same command and by resume, and nothing much is sent twice', async (t) => {
  const world = await open(t);
  const { server, cwd, command } = world;
  for (const args of [command, command, ['resume', 'out', '--quiet'], command])
    await killAfter(t, world, args, 4 * MiB);
  const { exitCode, stderr } = await run(t, cwd, ['resume', 'out', '--quiet']);
  assert.deepEqual([exitCode, stderr], [0, '']);
  assert.ok(readFileSync(join(cwd, 'out/big.bin')).equals(BODY));
  const { sha256, status } = outcomeOf(join(cwd, 'out/.spillway'));
  assert.deepEqual([sha256, status], [digestOf(BODY), 200]);
  assert.ok(server.sentBytes <= 1.5 * BODY.length, `${server.sentBytes} bytes were sent`);
  assert.ok(
    server.ranges.slice(1).every((range) => range !== undefined),
    String(server.ranges),
  );
  assert.ok(!existsSync(join(cwd, 'out/.spillway/partial')));
});

test('a run that is stopped keeps what came of a body, and a packed record has the head of the first answer', async (t) => {
  const world = await open(t, 'out.warc');
  const { server, cwd, command } = world;
  const { child, ended } = start(t, cwd, command);
  await server.sent(6 * MiB);
  child.kill('SIGTERM');
  child.kill('SIGINT');
  // A second signal cuts; whichever came first is the drain.
  assert.equal((await ended).exitCode, 130);
  const left = readdirSync(join(cwd, 'out.warc.run/partial'), { recursive: true }).map(String);
  assert.equal(left.filter((name) => /\/0-/u.test(name)).length, 1, String(left));
  await killAfter(t, world, command, 4 * MiB);
  const { exitCode } = await run(t, cwd, command);
  assert.equal(exitCode, 0);
  const record = readFileSync(join(cwd, 'out.warc'));
  assert.ok(record.includes('HTTP/1.1 200 OK\r\n'));
  assert.ok(!record.includes('HTTP/1.1 206'));
  assert.ok(record.includes('x-of-the-first-answer: kept'));
  assert.equal(outcomeOf(join(cwd, 'out.warc.run')).sha256, digestOf(BODY));
  assert.equal((await run(t, cwd, ['verify', 'out.warc'])).exitCode, 0);
  assert.ok(
    server.ranges.slice(1).every((range) => range !== undefined),
    String(server.ranges),
  );
});

test('a body that has changed while the run was dead is begun anew, also after another kill', async (t) => {
  const world = await open(t);
  const { server, cwd, command } = world;
  await killAfter(t, world, command, 8 * MiB);
  const second = randomBytes(12_000_000);
  server.body = second;
  server.tag = '"two"';
  // Less than is worth a note: what is there then is neither of the first body nor noted.
  await killAfter(t, world, command, 512 * 1024);
  const { exitCode } = await run(t, cwd, command);
  assert.equal(exitCode, 0);
  assert.ok(readFileSync(join(cwd, 'out/big.bin')).equals(second));
  assert.equal(outcomeOf(join(cwd, 'out/.spillway')).sha256, digestOf(second));
});

test('what came of a body that failed is gone on with by retry', async (t) => {
  const world = await open(t);
  const { server, cwd, command } = world;
  server.stallAtByte = 4 * MiB;
  assert.equal((await run(t, cwd, [...command, '--idle-timeout', '300ms', '--retries', '0'])).exitCode, 1);
  server.stallAtByte = Infinity;
  const { exitCode } = await run(t, cwd, ['retry', 'out', '--quiet']);
  assert.equal(exitCode, 0);
  assert.ok(readFileSync(join(cwd, 'out/big.bin')).equals(BODY));
  assert.match(server.ranges.at(-1) ?? '', /^bytes=[1-9]\d+-$/u);
});
