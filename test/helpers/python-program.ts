// Programs in Python with Debian's packages: clients and servers that know nothing of ours, so that what both sides
// speak is judged by others.

import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const PYTHON = '/usr/bin/python3';
const DEADLINE_MS = 60_000;

function pathOf(script: string): string {
  return fileURLToPath(new URL(`${script}.py`, new URL('python/', import.meta.url)));
}

/** For `skip`: which of these modules are missing, or false. */
export function whyNoPython(...modules: readonly string[]): string | false {
  const script = modules.map((name) => `import ${name}`).join('\n');
  const { status } = spawnSync(PYTHON, ['-c', script], { stdio: 'ignore' });
  return status === 0
    ? false
    : `${PYTHON} with ${modules.join(' and ')} is not installed (apt-get install ${modules.map((name) => `python3-${name}`).join(' ')})`;
}

/** What the script printed. @throws with its standard error where it failed */
export function runPython(script: string, ...args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  execFile(PYTHON, [pathOf(script), ...args], { timeout: DEADLINE_MS }, (error, stdout, stderr) => {
    if (error === null) resolve(stdout.trim());
    else reject(new Error(`${script} ${args.join(' ')} failed: ${stderr}`, { cause: error }));
  });
  return promise;
}

/** The origin of a server whose script prints its port; it ends with the test. */
export async function servePython(
  t: TestContext,
  script: string,
  ...args: readonly string[]
): Promise<string> {
  const child = spawn(PYTHON, [pathOf(script), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const closed = once(child, 'close');
  t.after(async () => {
    // The whole group: workers that it started as well.
    if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGTERM');
    const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), 10_000);
    await closed;
    clearTimeout(timer);
  });
  const [port] = (await Promise.race([
    once(child.stdout, 'data'),
    closed.then(() => Promise.reject(new Error(`${script} ended before it listened`))),
  ])) as [Buffer];
  child.stdout.resume();
  return `http://127.0.0.1:${String(port).trim()}`;
}
