import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { LaneUnderTest, Probe, sent, TEST_CERTIFICATE, TRANSPORTS, words } from '../helpers/lane-probe.ts';
import { answer } from '../helpers/raw-server.ts';

const DEADLINE = { timeout: 20_000 };

for (const [name, open, serveRaw] of TRANSPORTS) {
  const isTls = name === 'wire over TLS';
  const scheme = isTls ? 'https' : 'http';
  const makeServer = (listener: RequestListener) =>
    isTls ? createTlsServer(TEST_CERTIFICATE, listener) : createServer(listener);
  test(`${name}: requests one after the other share one connection`, DEADLINE, async () => {
    await using server = await serveRaw((connection, { path }) => connection.write(answer(path)));
    await using lane = new LaneUnderTest(open, server.origin);
    for (let count = 0; count < 50; count++) {
      const probe = await lane.fetch(`/${count}`);
      assert.deepEqual([probe.status, probe.body], [200, `/${count}`]);
    }
    assert.equal(lane.opened, 1);
    assert.equal(server.connections.length, 1);
  });

  test(
    `${name}: a request holds the path, the origin's host and the lane's fields, and nothing of a body`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => connection.write(answer(path)));
      await using lane = new LaneUnderTest(open, server.origin, {
        headers: [
          ['user-agent', 'probe/1'],
          ['accept', '*/*'],
        ],
      });
      await lane.fetch('/a?b=c%20d&e');
      const [line, ...fields] = server.connections[0]?.requests[0]?.head.split('\r\n') ?? [];
      assert.equal(line, 'GET /a?b=c%20d&e HTTP/1.1');
      const kept = fields.filter((field) => !field.startsWith('connection: keep-alive'));
      assert.deepEqual(kept, [`host: 127.0.0.1:${server.port}`, 'user-agent: probe/1', 'accept: */*']);
    },
  );

  test(
    `${name}: any method is sent with fields and content of its own, byte for byte`,
    DEADLINE,
    async (t) => {
      const seen: unknown[] = [];
      const listen = (request: IncomingMessage, response: ServerResponse) => {
        void Array.fromAsync(request as AsyncIterable<Buffer>).then((pieces) => {
          const content = Buffer.concat(pieces).toString('hex');
          const { method, url, headers } = request;
          seen.push([
            method,
            url,
            headers['x-own'],
            headers['content-length'],
            headers['user-agent'],
            content,
          ]);
          response.end(method);
        });
      };
      const isTls = name.includes('TLS');
      const server = isTls ? createTlsServer(TEST_CERTIFICATE, listen) : createServer(listen);
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      t.after(() => server.close());
      const origin = `http${isTls ? 's' : ''}://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await using lane = new LaneUnderTest(open, origin);
      const payload = { headers: [['x-own', 'a']] as const, content: Uint8Array.of(0, 255, 13, 10) };
      const bodies: string[] = [];
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])
        bodies.push((await lane.fetch('/a', method, payload)).body);
      await lane.fetch('/b', 'POST', { headers: [], content: new Uint8Array() });
      await lane.fetch('/c', 'DELETE', { headers: [['x-own', 'b']], content: null });
      bodies.push((await lane.fetch('/d')).body);
      assert.deepEqual(bodies, ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND', 'GET']);
      assert.deepEqual(seen, [
        ...bodies.slice(0, -1).map((method) => [method, '/a', 'a', '4', 'probe', '00ff0d0a']),
        ['POST', '/b', undefined, '0', 'probe', ''],
        ['DELETE', '/c', 'b', undefined, 'probe', ''],
        ['GET', '/d', undefined, undefined, 'probe', ''],
      ]);
      assert.equal(lane.opened, 1);
    },
  );

  for (const [when, isLater] of [
    ['in one read with the answer before', false],
    ['between two requests', true],
  ] as const) {
    test(
      `${name}: an answer that nothing asked for, ${when}, is nobody's: its connection is given up and counted`,
      DEADLINE,
      async () => {
        await using server = await serveRaw((connection, { path }) =>
          connection.write(answer(path) + (isLater || path !== '/1' ? '' : answer('/surplus'))),
        );
        await using lane = new LaneUnderTest(open, server.origin);
        const first = await lane.fetch('/1');
        assert.deepEqual([first.status, first.body], [200, '/1']);
        if (isLater) server.connections[0]?.write(answer('/surplus'));
        await lane.closedCount(1);
        const second = await lane.fetch('/2');
        assert.deepEqual([second.status, second.body], [200, '/2']);
        assert.deepEqual([lane.opened, lane.surplus, server.connections.length], [2, 1, 2]);
      },
    );
  }

  test(
    `${name}: a pipeline is sent before anything is answered, and answers go to their requests in order`,
    DEADLINE,
    async () => {
      const paths = Array.from({ length: 8 }, (_, index) => `/${index}`);
      await using server = await serveRaw((connection) => {
        if (connection.requests.length === 8)
          connection.write(connection.requests.map(({ path }) => answer(path)).join(''));
      });
      await using lane = new LaneUnderTest(open, server.origin, { depth: 8 });
      const probes = lane.send(...paths);
      assert.deepEqual(
        await words(probes),
        paths.map((path) => `200 ${path}`),
      );
      assert.equal(lane.opened, 1);
    },
  );

  test(
    `${name}: what is sent from inside onEnd keeps a pipeline full to the last of 20,000`,
    DEADLINE,
    async () => {
      const server = makeServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        const { port } = server.address() as AddressInfo;
        await using lane = new LaneUnderTest(open, `${scheme}://127.0.0.1:${port}`, { depth: 50 });
        let next = 0;
        const wrong: string[] = [];
        const endings = Array.from({ length: 50 }, async () => {
          const { promise, resolve } = Promise.withResolvers<void>();
          const sendNext = () => {
            if (next === 20_000) return resolve();
            const probe = new Probe(`/${next++}`);
            probe.hooks = {
              onEnd: () => {
                if (probe.body !== probe.path) wrong.push(probe.path);
                sendNext();
              },
              onError: () => {
                wrong.push(String(probe.error));
                resolve();
              },
            };
            lane.slot.send(probe);
          };
          sendNext();
          await promise;
        });
        await Promise.all(endings);
        assert.deepEqual(wrong, []);
        assert.equal(lane.opened, 1);
      } finally {
        server.close();
      }
    },
  );

  test(`${name}: a lowered depth is kept to`, DEADLINE, async () => {
    const unanswered: (() => void)[] = [];
    let most = 0;
    await using server = await serveRaw((connection, { path }) => {
      unanswered.push(() => connection.write(answer(path)));
      most = Math.max(most, unanswered.length);
      if (connection.requests.length >= 2) unanswered.shift()?.();
    });
    await using lane = new LaneUnderTest(open, server.origin, { depth: 4 });
    lane.slot.depth = 2;
    assert.equal(lane.slot.depth, 2);
    const probes = lane.send('/0', '/1', '/2', '/3');
    await Promise.all(probes.slice(0, 3).map((probe) => probe.done));
    unanswered.shift()?.();
    assert.deepEqual(await words(probes), ['200 /0', '200 /1', '200 /2', '200 /3']);
    assert.ok(most <= 2, `at most 2 were open, found ${most}`);
  });

  test(`${name}: HEAD has no body, and its connection serves the next request`, DEADLINE, async () => {
    await using server = await serveRaw((connection, { method }) =>
      connection.write(method === 'HEAD' ? 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n' : answer('x')),
    );
    await using lane = new LaneUnderTest(open, server.origin);
    const head = await lane.fetch('/', 'HEAD');
    assert.deepEqual([head.status, head.headers, head.body], [200, [['content-length', '9']], '']);
    assert.equal((await lane.fetch('/')).body, 'x');
    assert.equal(lane.opened, 1);
  });

  test(`${name}: answers without a body end at once`, DEADLINE, async () => {
    const heads = ['200 OK\r\nContent-Length: 0', '204 No Content', '304 Not Modified\r\nETag: "a"'];
    await using server = await serveRaw((connection) =>
      connection.write(`HTTP/1.1 ${heads[connection.requests.length - 1]}\r\n\r\n`),
    );
    await using lane = new LaneUnderTest(open, server.origin);
    for (const status of [200, 204, 304]) {
      const probe = await lane.fetch('/');
      assert.deepEqual([probe.status, probe.body], [status, '']);
    }
    assert.equal(lane.opened, 1);
  });

  test(`${name}: 1xx answers are skipped`, DEADLINE, async () => {
    await using server = await serveRaw((connection) =>
      connection.write(
        `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 P\r\n\r\n${answer('final')}`,
      ),
    );
    await using lane = new LaneUnderTest(open, server.origin);
    const probe = await lane.fetch('/');
    assert.deepEqual([probe.status, probe.headers, probe.body], [200, [['content-length', '5']], 'final']);
  });

  test(`${name}: chunks are taken apart and trailers are left out`, DEADLINE, async () => {
    await using server = await serveRaw((connection) =>
      connection.write(
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 9\r\n\r\n',
      ),
    );
    await using lane = new LaneUnderTest(open, server.origin);
    for (let count = 0; count < 2; count++) {
      const probe = await lane.fetch('/');
      assert.deepEqual([probe.headers, probe.body], [[['transfer-encoding', 'chunked']], 'abc0123456789']);
    }
    assert.equal(lane.opened, 1);
  });

  test(`${name}: a body without a length lasts until the server ends the connection`, DEADLINE, async () => {
    await using server = await serveRaw((connection, { path }) => {
      connection.write(`HTTP/1.1 200 OK\r\n\r\n${path} until `);
      connection.socket.end('the end');
    });
    await using lane = new LaneUnderTest(open, server.origin);
    assert.equal((await lane.fetch('/1')).body, '/1 until the end');
    assert.equal((await lane.fetch('/2')).body, '/2 until the end');
    // The first over TLS is asked for again, on a connection that tells the end from a cut.
    assert.equal(lane.opened, isTls ? 3 : 2);
  });

  test(
    `${name}: fields come in order with lower-case names, bytes above 127 as they are`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection) =>
        connection.write(
          answer('', 'X-A: 1\r\nSet-Cookie: a=b\r\nX-Odd:  \t caf\xe9 \r\nSET-COOKIE: c=d\r\nX-None:\r\n'),
        ),
      );
      await using lane = new LaneUnderTest(open, server.origin);
      const probe = await lane.fetch('/');
      assert.deepEqual(probe.headers, [
        ['x-a', '1'],
        ['set-cookie', 'a=b'],
        ['x-odd', 'caf\xe9 '],
        ['set-cookie', 'c=d'],
        ['x-none', ''],
        ['content-length', '0'],
      ]);
    },
  );

  test(`${name}: large bodies, counted and chunked, arrive whole`, DEADLINE, async () => {
    const body = randomBytes(12 * 1024 * 1024);
    const server = makeServer((request, response) => {
      if (request.url === '/counted') response.setHeader('content-length', body.length);
      for (let at = 0; at < body.length; at += 100_003) response.write(body.subarray(at, at + 100_003));
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      await using lane = new LaneUnderTest(open, `${scheme}://127.0.0.1:${port}`);
      const expected = createHash('sha256').update(body).digest('hex');
      for (const path of ['/counted', '/chunked']) {
        const probe = await lane.fetch(path);
        assert.equal(createHash('sha256').update(Buffer.concat(probe.chunks)).digest('hex'), expected, path);
      }
    } finally {
      server.close();
    }
  });

  test(
    `${name}: close by reset leaves no socket of the lane behind, TIME_WAIT included`,
    DEADLINE,
    async () => {
      await using server = await serveRaw((connection, { path }) => connection.write(answer(path)));
      // An earlier test's server may have had the same port.
      const before = await socketsTo(server.port);
      const lane = new LaneUnderTest(open, server.origin);
      const slots = [lane.slot, ...Array.from({ length: 9 }, () => lane.lane.openSlot())];
      const probes = slots.map((slot, index) => {
        const probe = new Probe(`/${index}`);
        slot.send(probe);
        return probe;
      });
      await Promise.all(probes.map((probe) => probe.done));
      assert.equal(server.connections.length, 10);
      await lane.lane.close(true);
      assert.deepEqual([lane.opened, lane.closed], [10, 10]);
      const after = await socketsTo(server.port);
      // Node resets no TLS socket: it is closed, and not established (01) any more.
      const isLeft = (socket: string) => !before.includes(socket) && (!isTls || socket.endsWith(' 01'));
      assert.deepEqual(after.filter(isLeft), []);
    },
  );

  test(`${name}: close ends what is open and whatever is sent afterwards`, DEADLINE, async () => {
    await using server = await serveRaw(() => {});
    const lane = new LaneUnderTest(open, server.origin, { depth: 3 });
    const probes = lane.send('/0', '/1');
    await sent(probes);
    await lane.lane.close(true);
    assert.deepEqual(await words(probes), ['head-of-line', 'queued-behind']);
    assert.deepEqual(await words(lane.send('/late')), ['unsent']);
    assert.deepEqual([lane.opened, lane.closed], [1, 1]);
  });

  test(`${name}: close while connecting ends what waits`, DEADLINE, async () => {
    await using server = await serveRaw(() => {});
    const lane = new LaneUnderTest(open, server.origin, { depth: 2 });
    const probes = lane.send('/0', '/1');
    await lane.lane.close(false);
    assert.deepEqual(await words(probes), ['unsent', 'unsent']);
    assert.equal(lane.opened, lane.closed);
  });

  test(`${name}: a host name is resolved, and its addresses are tried in turn`, DEADLINE, async () => {
    await using server = await serveRaw((connection, { path }) => connection.write(answer(path)));
    await using lane = new LaneUnderTest(open, `${scheme}://localhost:${server.port}`);
    assert.equal((await lane.fetch('/a')).body, '/a');
    assert.match(server.connections[0]?.requests[0]?.head ?? '', /host: localhost:\d+/);
  });
}

/** The kernel's lines of all TCP sockets, in any state, whose other side is that port; none where it does not tell. */
/** As `LOCAL REMOTE STATE`. */
async function socketsTo(port: number): Promise<string[]> {
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '');
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = table.split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter(([, , to]) => to?.endsWith(remote)).map((fields) => fields.slice(1, 4).join(' '));
}
