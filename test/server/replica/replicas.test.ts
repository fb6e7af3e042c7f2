// The life of replicas: listening, dying, being replaced, draining, and leaving nothing behind.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { SpillwayError } from '../../../src/model/errors.ts';
import { startServer } from '../../../src/server/cluster.ts';
import type { MockServer, ReplicaReplaced } from '../../../src/server/cluster.ts';
import { RawConnection, get } from '../raw-connection.ts';
import { isAlive, waitUntil } from '../wait-until.ts';

const CLUSTER_URL = new URL('../../../src/server/cluster.ts', import.meta.url).href;

/** What `GET /n` answers unless `answer` is text. */
const bodyOf = (n: number): string => `{"message":"ok","value":${n}}`;

for (const lean of [false, true]) {
  const way = lean ? 'lean' : 'on Fastify';

  test(`a replica that is killed is replaced on the same port, and the statistics say so, ${way}`, async () => {
    await using server = await startServer({ lean, delayMs: 0, replicas: 2 });
    const [victim = 0, survivor = 0] = server.replicaPids;
    const replaced = nextReplacement(server);
    process.kill(victim, 'SIGKILL');
    const event = await replaced;
    assert.deepEqual([event.pid, event.signal, event.exitCode], [victim, 'SIGKILL', null]);
    assert.deepEqual(new Set(server.replicaPids), new Set([survivor, event.replacementPid]));
    assert.equal((await server.stats()).replicasReplaced, 1);
    assert.equal((await server.stats()).replicas.length, 2);
    for (let n = 0; n < 20; n += 1) {
      const answer = await fetch(`${server.origins[0]}/${n}`, { headers: { connection: 'close' } });
      assert.equal(await answer.text(), bodyOf(n));
    }
    assert.equal((await server.stats()).trials.answered, 20);
    await server.reset();
    assert.equal((await server.stats()).replicasReplaced, 0);
  });

  test(`a single replica that is killed while trials are in flight serves again, ${way}`, async () => {
    await using server = await startServer({ lean, delayMs: 60_000 });
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(get('/1'));
    await waitUntil('in flight', async () => (await server.stats()).trials.inFlight === 1);
    const replaced = nextReplacement(server);
    process.kill(server.replicaPids[0] ?? 0, 'SIGKILL');
    await replaced;
    await connection.ended();
    const { trials, replicasReplaced } = await server.stats();
    assert.deepEqual([trials.received, trials.abandoned, trials.inFlight, replicasReplaced], [1, 1, 0, 1]);
  });

  test(`closing lets answers in flight go out, then ends connections, processes and ports, ${way}`, async () => {
    const server = await startServer({ lean, delayMs: 300, replicas: 2, drainMs: 20_000 });
    const origin = server.origins[0] ?? '';
    const pids = server.replicaPids;
    const connections = await Promise.all(Array.from({ length: 6 }, () => RawConnection.open(origin)));
    const idle = await RawConnection.open(origin);
    for (const connection of connections) connection.write(get('/1') + get('/2'));
    await waitUntil('twelve in flight', async () => (await server.stats()).trials.inFlight === 12);
    const closed = server.close();
    for (const connection of connections) {
      const answers = await connection.ended();
      assert.deepEqual(
        answers.map(({ status, body }) => [status, body]),
        [
          [200, bodyOf(1)],
          [200, bodyOf(2)],
        ],
      );
      assert.equal(answers[0]?.headers['connection'] === 'close', false);
      assert.equal(answers[1]?.headers['connection'], 'close');
    }
    assert.deepEqual(await idle.ended(), []);
    await closed;
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(server.replicaPids, []);
    await assert.rejects(RawConnection.open(origin), { code: 'ECONNREFUSED' });
    await server.close();
  });

  test(`a drain waits no longer than it may, ${way}`, async () => {
    const server = await startServer({ lean, delayMs: 3_600_000, drainMs: 50 });
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(get('/1'));
    await waitUntil('in flight', async () => (await server.stats()).trials.inFlight === 1);
    const closed = server.close();
    assert.deepEqual(await connection.ended(), []);
    await closed;
  });

  test(`SIGTERM to a replica drains it, and another one takes its place, ${way}`, async () => {
    await using server = await startServer({ lean, delayMs: 300, drainMs: 20_000 });
    const connection = await RawConnection.open(server.origins[0] ?? '');
    connection.write(get('/41'));
    await waitUntil('in flight', async () => (await server.stats()).trials.inFlight === 1);
    const replaced = nextReplacement(server);
    process.kill(server.replicaPids[0] ?? 0, 'SIGTERM');
    assert.deepEqual(
      (await connection.ended()).map(({ body }) => body),
      [bodyOf(41)],
    );
    const { exitCode, signal } = await replaced;
    assert.deepEqual([exitCode, signal], [0, null]);
  });

  test(`replicas that share one accept queue serve as well, ${way}`, async () => {
    await using server = await startServer({ lean, delayMs: 0, replicas: 2, reusePort: false });
    for (let n = 0; n < 30; n += 1) {
      const answer = await fetch(`${server.origins[0]}/${n}`, { headers: { connection: 'close' } });
      assert.equal(await answer.text(), bodyOf(n));
    }
    assert.equal((await server.stats()).trials.distinct, 30);
  });

  test(`each destination answers, and belongs to one replica where there are enough of them, ${way}`, async () => {
    await using server = await startServer({ lean, delayMs: 0, destinations: 4, replicas: 2 });
    assert.equal(new Set(server.origins).size, 4);
    const connections = await Promise.all(
      server.origins.flatMap((origin) => Array.from({ length: 10 }, () => RawConnection.open(origin))),
    );
    for (const [index, connection] of connections.entries()) connection.write(get(`/${index}`));
    for (const [index, connection] of connections.entries()) {
      assert.equal((await connection.take(1))[0]?.body, bodyOf(index));
    }
    const { replicas, trials } = await server.stats();
    assert.equal(trials.distinct, 40);
    assert.deepEqual(
      replicas.map(({ openConnections }) => openConnections),
      [20, 20],
    );
    for (const connection of connections) connection.close();
  });
}

test('a replica that dies again and again ends in one error, not in endless forks', async () => {
  await using server = await startServer({ delayMs: 0, replicas: 2 });
  const failed = new Promise<SpillwayError>((resolve) => {
    server.onFailed(resolve);
  });
  let replacedCount = 0;
  server.onReplicaReplaced(({ replacementPid }) => {
    replacedCount += 1;
    process.kill(replacementPid, 'SIGKILL');
  });
  process.kill(server.replicaPids[0] ?? 0, 'SIGKILL');
  const error = await failed;
  assert.equal(error.code, 'ERR_SERVER');
  assert.match(error.message, /died 5 times within 10 s .*SIGKILL/);
  assert.equal(replacedCount, 4);
  await assert.rejects(server.stats(), { code: 'ERR_SERVER' });
});

test('a listener that is taken off hears nothing', async () => {
  await using server = await startServer({ delayMs: 0 });
  let heard = 0;
  server.onReplicaReplaced(() => (heard += 1))();
  const replaced = nextReplacement(server);
  process.kill(server.replicaPids[0] ?? 0, 'SIGKILL');
  await replaced;
  assert.equal(heard, 0);
});

test('a replica does not care for Ctrl-C: the primary decides', async () => {
  await using server = await startServer({ delayMs: 0 });
  const [pid = 0] = server.replicaPids;
  process.kill(pid, 'SIGINT');
  assert.equal(await (await fetch(`${server.origins[0]}/3`)).text(), bodyOf(3));
  assert.deepEqual(server.replicaPids, [pid]);
});

test('a taken port is refused by name, also when the other one shares its ports', async () => {
  for (const reusePort of [false, true]) {
    const other = createServer();
    other.listen({ host: '127.0.0.1', port: 0, reusePort });
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await assert.rejects(
      startServer({ port }),
      (error: SpillwayError) =>
        error.code === 'ERR_PORT_BUSY' &&
        error.message.includes(`127.0.0.1:${port}`) &&
        error.message.includes('take another port'),
    );
    other.close();
  }
});

test('an address that is not of this machine is refused by name', async () => {
  await assert.rejects(startServer({ host: '192.0.2.1' }), {
    code: 'ERR_PORT_BUSY',
    message: /192\.0\.2\.1:0/,
  });
});

test('two servers in one process live side by side, and one can be started after another', async () => {
  await using first = await startServer({ delayMs: 0, items: 10 });
  {
    await using second = await startServer({ delayMs: 0, items: 20, replicas: 2 });
    assert.equal(await (await fetch(`${second.origins[0]}/15`)).text(), bodyOf(15));
    assert.equal((await fetch(`${first.origins[0]}/15`)).status, 404);
    assert.equal((await first.stats()).trials.received, 0);
    assert.equal((await second.stats()).trials.received, 1);
  }
  await using third = await startServer({ delayMs: 0 });
  assert.equal(await (await fetch(`${third.origins[0]}/15`)).text(), bodyOf(15));
  assert.equal(await (await fetch(`${first.origins[0]}/5`)).text(), bodyOf(5));
});

test('a port can be taken again as soon as its server is closed', async () => {
  const first = await startServer({ delayMs: 0, replicas: 2 });
  const port = Number(new URL(first.origins[0] ?? '').port);
  assert.equal(await (await fetch(`${first.origins[0]}/5`)).text(), bodyOf(5));
  await first.close();
  await using second = await startServer({ delayMs: 0, port });
  assert.deepEqual(second.origins, first.origins);
  assert.equal(await (await fetch(`${second.origins[0]}/6`)).text(), bodyOf(6));
});

for (const again of [1, 2, 3]) {
  test(`of two programs that start a server on one port at once, one gets it and the other is refused (${again})`, async (t) => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    const program = `
      const { startServer } = await import(${JSON.stringify(CLUSTER_URL)});
      process.stdout.write('loaded\\n');
      await new Promise((resolve) => process.stdin.once('data', resolve));
      try {
        await startServer({ port: ${port}, replicas: 2, lean: true, delayMs: 0 });
        process.stdout.write('started\\n');
        await new Promise((resolve) => process.stdin.once('end', resolve).resume());
      } catch (error) { process.stdout.write(error.code + '\\n'); }
      process.exit();
    `;
    const children = [0, 1].map(() =>
      spawn(process.execPath, ['--input-type=module', '--eval', program], {
        stdio: ['pipe', 'pipe', 'inherit'],
        timeout: 60_000,
      }),
    );
    t.after(() => {
      for (const child of children) child.kill('SIGKILL');
    });
    const outputs = ['', ''];
    for (const [index, child] of children.entries())
      child.stdout?.on('data', (text: Buffer) => (outputs[index] += text.toString()));
    const linesOf = (count: number) => () => outputs.every((text) => text.split('\n').length > count);
    await waitUntil('both are loaded', linesOf(1));
    for (const child of children) child.stdin?.write('go');
    await waitUntil('both say what became of it', linesOf(2), 40_000);
    for (const child of children) child.stdin?.end();
    await waitUntil('both have ended', () => children.every((child) => child.exitCode !== null));
    assert.deepEqual(outputs.toSorted(), ['loaded\nERR_PORT_BUSY\n', 'loaded\nstarted\n']);
  });
}

test('a port whose only replica was killed stays with its server', async () => {
  await using first = await startServer({ delayMs: 0 });
  const port = Number(new URL(first.origins[0] ?? '').port);
  const replaced = nextReplacement(first);
  process.kill(first.replicaPids[0] ?? 0, 'SIGKILL');
  await waitUntil('nobody listens', () => first.replicaPids.length === 0);
  await assert.rejects(startServer({ delayMs: 0, port }), { code: 'ERR_PORT_BUSY' });
  await replaced;
  assert.equal(await (await fetch(`${first.origins[0]}/5`)).text(), bodyOf(5));
});

test('consecutive ports are taken from the one that was asked for', async () => {
  // Below the ephemeral range, where only a server of this machine may be in the way: then the next four.
  for (let port = 21_000 + (process.pid % 1000); ; port += 4) {
    try {
      await using server = await startServer({ port, destinations: 2, h2c: true, delayMs: 0 });
      assert.deepEqual(
        [...server.origins, ...server.h2cOrigins],
        [0, 1, 2, 3].map((offset) => `http://127.0.0.1:${port + offset}`),
      );
      return;
    } catch (error) {
      if ((error as SpillwayError).code !== 'ERR_PORT_BUSY' || port > 30_000) throw error;
    }
  }
});

test('an IPv6 loopback is served under its bracketed address', async () => {
  await using server = await startServer({ delayMs: 0, host: '::1' });
  assert.match(server.origins[0] ?? '', /^http:\/\/\[::1\]:\d+$/);
  assert.equal(await (await fetch(`${server.origins[0]}/1`)).text(), bodyOf(1));
});

test('a program that starts and closes a server prints nothing and ends by itself', async () => {
  const program = `
    const { startServer } = await import(${JSON.stringify(CLUSTER_URL)});
    const server = await startServer({ replicas: 2, delayMs: 0 });
    await (await fetch(server.origins[0] + '/1', { headers: { connection: 'close' } })).text();
    await server.close();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, string | null];
  assert.deepEqual([exitCode, signal, output], [0, null, '']);
});

test('replicas end when their primary is killed', async () => {
  const program = `
    const { startServer } = await import(${JSON.stringify(CLUSTER_URL)});
    const server = await startServer({ replicas: 2 });
    console.log(JSON.stringify(server.replicaPids));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = JSON.parse(line.toString()) as number[];
  assert.deepEqual(pids.map(isAlive), [true, true]);
  child.kill('SIGKILL');
  await waitUntil('replicas gone', () => !pids.some(isAlive));
});

function nextReplacement(server: MockServer): Promise<ReplicaReplaced> {
  return new Promise((resolve) => {
    const stop = server.onReplicaReplaced((event) => {
      stop();
      resolve(event);
    });
  });
}
