// What a fixture cannot show: the facts of the machine that the tests run on, and the numbers that were measured once.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { countReservedFiles } from '../../src/limits/capacity.ts';
import type { Limits } from '../../src/limits/read.ts';
import { readLimits } from '../../src/limits/read.ts';

const READ = new URL('../../src/limits/read.ts', import.meta.url).href;
const linux = { skip: process.platform === 'linux' ? false : 'needs /proc' };
const READ_SCRIPT = `import { readLimits } from '${READ}'; console.log(JSON.stringify(readLimits()));`;

/** The facts that another process reads, started by a shell line in which $NODE runs the reading script. */
function readUnder(shell: string): Limits {
  const output = execFileSync('bash', ['-c', shell], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NODE: process.execPath, SCRIPT: READ_SCRIPT },
  });
  return JSON.parse(output) as Limits;
}

const RUN = 'exec "$NODE" --input-type=module -e "$SCRIPT"';

test('the facts of this machine lie inside what is possible', linux, () => {
  const { cpu, memory, files, ports, sockets, threads } = readLimits();
  assert.ok(cpu.usableCores > 0 && cpu.usableCores <= cpu.machineCoreCount);
  assert.ok(cpu.availableParallelism === availableParallelism());
  assert.ok(memory.usableBytes > 2 ** 20 && memory.usableBytes <= memory.totalBytes);
  const { softCount, hardCount, inUseCount } = files;
  assert.ok(softCount === 'unlimited' || hardCount === 'unlimited' || (softCount ?? 1) <= (hardCount ?? 0));
  assert.ok(inUseCount !== null && inUseCount >= 3 && inUseCount < 1000, `${inUseCount} files in use`);
  const { lowPort, highPort, rangeCount } = ports;
  assert.ok(lowPort !== null && highPort !== null && lowPort > 0 && lowPort < highPort && highPort <= 65_535);
  assert.ok(rangeCount !== null && rangeCount > 0 && rangeCount <= highPort - lowPort + 1);
  assert.ok(sockets.somaxconnCount !== null && sockets.somaxconnCount >= 1);
  assert.ok(threads.usableCount !== null && threads.usableCount > 10);
});

test('a lower limit of open files is seen by the process that has it', linux, () => {
  const { files } = readUnder(`ulimit -n 256; ${RUN}`);
  assert.equal(files.softCount, 256);
  assert.equal(files.hardCount, 256);
});

test('a process pinned to one core has one usable core', linux, (t) => {
  const first = execFileSync('bash', ['-c', 'taskset -cp $$ 2>/dev/null || true'], { encoding: 'utf8' });
  const core = /: (\d+)/.exec(first)?.[1];
  if (core === undefined) {
    t.skip('taskset is not installed');
    return;
  }
  const { cpu } = readUnder(`taskset -cp ${core} $$ >/dev/null; ${RUN}`);
  assert.equal(cpu.affinityCount, 1);
  assert.ok(cpu.usableCores <= 1);
});

test('connections that are open are held ports towards their destination', linux, async () => {
  // The client's reset is an error on this side.
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets = Array.from({ length: 40 }, () => connect({ port, host: '127.0.0.1' }));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const { ports } = readLimits();
  for (const socket of sockets) socket.resetAndDestroy();
  server.close();
  await once(server, 'close');
  assert.ok((ports.heldByOneDestinationCount ?? 0) >= 40, `by one: ${ports.heldByOneDestinationCount}`);
  assert.ok((ports.heldCount ?? 0) >= (ports.heldByOneDestinationCount ?? Infinity));
});

test('Node.js with three worker threads and two children opens no more than is kept for it', linux, () => {
  const script = `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { readdirSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    const count = () => readdirSync('/proc/self/fd').length - 1;
    const idle = count();
    const body = 'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {}); parentPort.postMessage(0)';
    const workers = Array.from({ length: 3 }, () => new Worker(body, { eval: true }));
    await Promise.all(workers.map((worker) => once(worker, 'message')));
    const child = () => spawn(process.execPath, ['-e', 'process.on("message", () => {}); process.send(0)'], {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    });
    const children = [child(), child()];
    await Promise.all(children.map((one) => once(one, 'message')));
    process.stdout.write(JSON.stringify({ idle, busy: count() }));
    for (const one of children) one.kill();
    for (const worker of workers) await worker.terminate();
  `;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  const { idle, busy } = JSON.parse(output) as { idle: number; busy: number };
  const limits = readLimits();
  const fresh: Limits = { ...limits, files: { ...limits.files, inUseCount: idle } };
  const reserved = countReservedFiles(fresh, { workerCount: 3, childCount: 2 });
  assert.ok(busy > idle + 3 * 2, `threads and children open files: ${idle} -> ${busy}`);
  assert.ok(busy <= reserved, `${busy} open, ${reserved} kept`);
  assert.ok(reserved - busy < 40, `no more than a few are kept in vain: ${busy} open, ${reserved} kept`);
});
