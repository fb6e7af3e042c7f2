import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The lines of every `sh` block, in order. */
const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) =>
  (block as string).trim().split('\n'),
);

/** This very run: a test that ran it would run itself. */
const RUNNING_NOW = 'npm ci && npm test';

test('the two commands stand at the top of the README', () => {
  assert.deepEqual(commands.slice(0, 2), [
    'npm ci && npm run bench -- --trials 10000 --cores auto',
    RUNNING_NOW,
  ]);
});

test('every page the README links to exists', () => {
  const links = [...readme.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target as string);
  for (const target of links.filter((link) => !link.startsWith('http'))) {
    assert.ok(existsSync(join(root, target)), `${target} does not exist`);
  }
});

for (const command of commands.filter((line) => line !== RUNNING_NOW)) {
  // Installing again would pull the floor from under the other tests; what was installed is what `npm ci` brought.
  const line = command.replace('npm ci && ', '').replace(/^npm run (?!-s)/, 'npm run -s ');
  test(`the README's command works: ${command}`, { timeout: 120_000 }, async (t) => {
    const { code, stdout, stderr } = await run(t, line.replace('--port 8000', '--port 0'));
    if (line.includes(' serve')) {
      assert.match(stdout, /^listening on http:\/\/127\.0\.0\.1:\d+ /m);
      return;
    }
    assert.equal(code, 0, stderr);
    assert.match(stdout, expected(line));
  });
}

/** What a person is told at the end. */
function expected(line: string): RegExp {
  if (line.includes(' doctor')) return /^predicted: /m;
  if (line.includes('--strategy')) return /multicore: computed value 19900 for 200 trials in /;
  return /^proof: (\d+) planned = \1 answered once = \1 seen once/m;
}

/** Runs one line as a person would, in the project; a server is ended by the signal a person would send. */
async function run(
  t: TestContext,
  line: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-readme-'));
  const text = line
    .replace('record.json', join(directory, 'record.json'))
    .replace('--report reports', `--report ${join(directory, 'reports')}`);
  const child: ChildProcess = spawn('sh', ['-c', text], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.after(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid as number), 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  });
  let stdout = '';
  let stderr = '';
  child.stderr?.on('data', (data: Buffer) => {
    stderr += String(data);
  });
  child.stdout?.on('data', (data: Buffer) => {
    stdout += String(data);
    if (stdout.includes('listening on')) process.kill(-(child.pid as number), 'SIGTERM');
  });
  const [code] = await new Promise<[number | null]>((resolve) =>
    child.once('close', (exit) => resolve([exit])),
  );
  return { code, stdout, stderr };
}
