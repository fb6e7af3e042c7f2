import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import { LaneUnderTest, Probe, sent, TRANSPORTS, words } from '../helpers/lane-probe.ts';
import { answer, type RawConnection } from '../helpers/raw-server.ts';

const DEADLINE = { timeout: 20_000 };

for (const [name, open, serveRaw] of TRANSPORTS) {
  const isTls = name === 'wire over TLS';
  test(
    `${name}: Connection: close ends the pipeline behind it, and what was not sent goes on a new connection`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => {
        if (path !== '/0') connection.write(answer(path));
        else if (connection.requests.length === 1)
          setImmediate(() => connection.write(answer(path, 'Connection: close\r\n')));
      });
      await using lane = new LaneUnderTest(open, server.origin, { depth: 4 });
      lane.slot.depth = 1;
      const probes = lane.send('/0', '/1', '/2');
      assert.deepEqual(await words(probes), ['200 /0', '200 /1', '200 /2']);
      assert.equal(lane.opened, 2);
      assert.deepEqual(
        server.connections.map(({ requests }) => requests.map(({ path }) => path)),
        [['/0'], ['/1', '/2']],
      );
    },
  );

  test(
    `${name}: what was sent behind an announced close is queued behind, and is not sent again by the lane`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection) => {
        if (connection.requests.length === 3) {
          connection.write(answer('first', 'Connection: close\r\n'));
          connection.socket.end();
        }
      });
      await using lane = new LaneUnderTest(open, server.origin, { depth: 3 });
      const probes = lane.send('/0', '/1', '/2');
      assert.deepEqual(await words(probes), ['200 first', 'queued-behind', 'queued-behind']);
      await lane.closedCount(1);
      assert.equal(server.requestCount, 3);
    },
  );

  test(
    `${name}: a server that ends after one answer of a pipeline fails the next at its head, and the rest behind it`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection) => {
        if (connection.requests.length === 4) connection.socket.end(answer('first'));
      });
      await using lane = new LaneUnderTest(open, server.origin, { depth: 4 });
      const probes = lane.send('/0', '/1', '/2', '/3');
      assert.deepEqual(await words(probes), ['200 first', 'head-of-line', 'queued-behind', 'queued-behind']);
      await lane.closedCount(1);
      assert.equal(server.requestCount, 4, 'nothing was sent twice');
    },
  );

  test(`${name}: a reset inside an answer fails that one as answering`, DEADLINE, async () => {
    let connection: RawConnection | undefined;
    await using server = await serveRaw((from) => {
      connection = from;
      if (from.requests.length === 3) from.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    });
    await using lane = new LaneUnderTest(open, server.origin, { depth: 3 });
    const probes = lane.send('/0', '/1', '/2');
    (probes[0] as Probe).hooks.onData = () => connection?.reset();
    assert.deepEqual(await words(probes), ['answering', 'queued-behind', 'queued-behind']);
    assert.equal(probes[0]?.status, 200);
    assert.equal(probes[0]?.body, 'half');
  });

  test(`${name}: a reset before any answer fails the first at the head of the line`, DEADLINE, async () => {
    await using server = await serveRaw((connection) => {
      if (connection.requests.length === 2) connection.reset();
    });
    await using lane = new LaneUnderTest(open, server.origin, { depth: 2 });
    const probes = lane.send('/0', '/1');
    assert.deepEqual(await words(probes), ['head-of-line', 'queued-behind']);
    assert.equal(probes[0]?.code, 'ECONNRESET');
  });

  test(
    `${name}: an answer cut short by the end of the connection fails as answering, whatever its framing`,
    DEADLINE,
    async () => {
      const cuts = [
        'HTTP/1.1 200 OK\r\nContent-Le',
        'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf',
        'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nhalf',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n',
        'HTTP/1.1 103 E\r\n\r\n',
      ];
      await using server = await serveRaw((connection, { path }) => {
        connection.socket.end(cuts[Number(path.slice(1))] as string);
      });
      await using lane = new LaneUnderTest(open, server.origin);
      for (const [index, cut] of cuts.entries()) {
        const probe = await lane.fetch(`/${index}`);
        assert.deepEqual([probe.state, probe.reached], ['failed', 'answering'], cut);
      }
    },
  );

  test(
    `${name}: a refused connection ends everything that waits for it, also what is sent from inside that`,
    DEADLINE,
    async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      server.close();
      await once(server, 'close');
      await using lane = new LaneUnderTest(open, `${isTls ? 'https' : 'http'}://127.0.0.1:${port}`, {
        depth: 3,
      });
      const again = new Probe('/again');
      const probes = lane.send('/0', '/1');
      (probes[0] as Probe).hooks.onError = () => lane.slot.send(again);
      assert.deepEqual(await words([...probes, again]), ['unsent', 'unsent', 'unsent']);
      for (const probe of [...probes, again]) assert.equal(probe.code, 'ECONNREFUSED');
      assert.deepEqual([lane.opened, lane.closed], [0, 0]);
    },
  );

  test(`${name}: a connection that is never taken fails at its deadline`, DEADLINE, async () => {
    await using deaf = await openDeafServer();
    await using lane = new LaneUnderTest(open, isTls ? deaf.origin.replace('http:', 'https:') : deaf.origin, {
      depth: 2,
      connectTimeoutMs: 200,
    });
    const probes = lane.send('/0', '/1');
    assert.deepEqual(await words(probes), ['unsent', 'unsent']);
    for (const probe of probes) assert.equal(probe.code, 'connect-timeout');
  });

  test(
    `${name}: cancelling what stalls ends its connection, and the next request makes a new one`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => {
        if (path === '/later') connection.write(answer(path));
      });
      await using lane = new LaneUnderTest(open, server.origin, { depth: 3 });
      const probes = lane.send('/0', '/1', '/2');
      await sent(probes);
      const deadline = new Error('deadline');
      lane.slot.cancel(probes[0] as Probe, deadline);
      assert.deepEqual(await words(probes), ['head-of-line', 'queued-behind', 'queued-behind']);
      assert.equal(probes[0]?.error, deadline);
      assert.notEqual(probes[1]?.error, deadline);
      assert.equal((await lane.fetch('/later')).body, '/later');
      assert.equal(lane.opened, 2);
      assert.equal(server.requestCount, 4);
    },
  );

  test(
    `${name}: cancelling the second of a pipeline ends the first as well, each with its own word`,
    DEADLINE,
    async () => {
      await using server = await serveRaw(() => {});
      await using lane = new LaneUnderTest(open, server.origin, { depth: 3 });
      const probes = lane.send('/0', '/1', '/2');
      await sent(probes);
      const deadline = new Error('deadline');
      lane.slot.cancel(probes[1] as Probe, deadline);
      assert.deepEqual(await words(probes), ['head-of-line', 'queued-behind', 'queued-behind']);
      assert.deepEqual(
        probes.map(({ error }) => error === deadline),
        [false, true, false],
      );
    },
  );

  test(`${name}: cancelling from inside onHead and onData ends the answer there`, DEADLINE, async () => {
    await using server = await serveRaw((connection, { path }) => connection.write(answer(path.repeat(9))));
    await using lane = new LaneUnderTest(open, server.origin, { depth: 2 });
    for (const moment of ['onHead', 'onData'] as const) {
      const probe = new Probe('/cut');
      probe.hooks[moment] = () => lane.slot.cancel(probe, new Error(moment));
      lane.slot.send(probe);
      await probe.done;
      assert.deepEqual([probe.state, probe.reached], ['failed', 'answering']);
      assert.equal((probe.error as Error).message, moment);
      assert.equal((await lane.fetch('/x')).body, '/x'.repeat(9));
    }
  });

  test(
    `${name}: what is cancelled before it was sent never reaches the server, nor disturbs its connection`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => connection.write(answer(path)));
      await using lane = new LaneUnderTest(open, server.origin, { depth: 3 });
      const probes = lane.send('/0', '/1', '/2');
      lane.slot.cancel(probes[1] as Probe, new Error('no longer wanted'));
      assert.deepEqual(await words(probes), ['200 /0', 'unsent', '200 /2']);
      assert.equal((await lane.fetch('/3')).body, '/3');
      assert.deepEqual(
        server.connections.map(({ requests }) => requests.map(({ path }) => path)),
        [['/0', '/2', '/3']],
      );
      lane.slot.cancel(probes[1] as Probe, new Error('again'));
    },
  );

  test(
    `${name}: reset drops the connection from inside onEnd, and what is sent there goes on a new one`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => {
        if (path === '/next') connection.write(answer(path));
        else if (connection.requests.length === 3) connection.write(answer('wrong') + answer('poison'));
      });
      await using lane = new LaneUnderTest(open, server.origin, { depth: 3 });
      const next = new Probe('/next');
      const distrust = new Error('cannot be trusted');
      const probes = lane.send('/0', '/1', '/2');
      (probes[0] as Probe).hooks.onEnd = () => {
        lane.slot.reset(distrust);
        lane.slot.send(next);
      };
      assert.deepEqual(await words([...probes, next]), [
        '200 wrong',
        'head-of-line',
        'queued-behind',
        '200 /next',
      ]);
      assert.equal(probes[1]?.error, distrust);
      assert.equal(probes[2]?.error, distrust);
      assert.equal(lane.opened, 2);
    },
  );

  test(
    `${name}: an answer before anything is asked is never given to the next request`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => connection.write(answer(path)));
      await using lane = new LaneUnderTest(open, server.origin, { depth: 1 });
      await lane.fetch('/0');
      server.connections[0]?.write(answer('early'));
      await lane.closedCount(1);
      assert.equal((await lane.fetch('/1')).body, '/1');
    },
  );

  test(
    `${name}: a second answer to one request is never given to the next, though that is sent from inside onEnd`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) =>
        connection.write(path === '/0' ? answer(path) + answer('double') : answer(path)),
      );
      await using lane = new LaneUnderTest(open, server.origin, { depth: 1 });
      const [first] = lane.send('/0') as [Probe];
      const next = new Probe('/1');
      first.hooks.onEnd = () => lane.slot.send(next);
      assert.deepEqual(await words([first, next]), ['200 /0', '200 /1']);
    },
  );

  test(
    `${name}: a server that only half-closes gets no further request on that connection`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => {
        connection.write(answer(path));
        if (path === '/0') connection.socket.end();
      });
      await using lane = new LaneUnderTest(open, server.origin);
      assert.equal((await lane.fetch('/0')).body, '/0');
      await lane.closedCount(1);
      assert.equal((await lane.fetch('/1')).body, '/1');
      assert.equal(lane.opened, 2);
    },
  );

  test(`${name}: a head larger than its cap is refused`, DEADLINE, async () => {
    await using server = await serveRaw((connection, { path }) =>
      connection.write(answer('x', `X-Large: ${'v'.repeat(Number(path.slice(1)))}\r\n`)),
    );
    await using lane = new LaneUnderTest(open, server.origin, { maxHeaderBytes: 2_000 });
    assert.equal((await lane.fetch('/1900')).body, 'x');
    const probe = await lane.fetch('/2000');
    assert.deepEqual([probe.state, probe.reached, probe.status], ['failed', 'answering', 0]);
    assert.equal(probe.code, name.startsWith('wire') ? 'unsupported-framing' : 'UND_ERR_HEADERS_OVERFLOW');
  });

  test(`${name}: bytes that are no HTTP fail the one at the head of the line`, DEADLINE, async () => {
    await using server = await serveRaw((connection) => {
      if (connection.requests.length === 2) connection.write('220 mail.example ESMTP\r\n');
    });
    await using lane = new LaneUnderTest(open, server.origin, { depth: 2 });
    const probes = lane.send('/0', '/1');
    const [first, second] = await words(probes);
    assert.ok(first === 'answering' || first === 'head-of-line');
    assert.equal(second, 'queued-behind');
  });

  test(
    `${name}: a server that ends each connection after one answer is asked one connection a request`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => connection.socket.end(answer(path)));
      await using lane = new LaneUnderTest(open, server.origin);
      for (let count = 0; count < 30; count++) {
        const probe = await lane.fetch(`/${count}`);
        if (probe.state === 'failed') assert.equal(probe.reached, 'head-of-line');
        else assert.equal(probe.body, `/${count}`);
        await lane.closedCount(lane.opened);
      }
      assert.equal(lane.opened, 30);
    },
  );
}

/** A server that listens and never accepts: its queue is full, so a connection to it stands in the making for ever. */
async function openDeafServer(): Promise<AsyncDisposable & { origin: string }> {
  const source = `
    const server = require('node:net').createServer();
    server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
      process.stdout.write(server.address().port + '\\n', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
    });`;
  const child = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(line.toString());
  const fillers: Socket[] = [];
  let isFull = false;
  // A queue of one holds two connections; whatever does not connect soon found it full.
  while (!isFull && fillers.length < 16) {
    const filler = connect(port, '127.0.0.1').on('error', () => {});
    fillers.push(filler);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(true), 300);
    filler.once('connect', () => resolve(false));
    isFull = await promise;
    clearTimeout(timer);
  }
  assert.ok(isFull, 'the accept queue is full');
  return {
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const filler of fillers) filler.destroy();
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
