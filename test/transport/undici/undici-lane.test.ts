import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { LaneOptions } from '../../../src/transport/lane.ts';
import { openUndiciLane } from '../../../src/transport/undici/undici-lane.ts';
import { answer, openRawServer } from '../../helpers/raw-server.ts';
import { LaneUnderTest, Probe, sent, words } from '../../helpers/lane-probe.ts';

const DEADLINE = { timeout: 20_000 };
const openH2c = (options: LaneOptions) => openUndiciLane({ ...options, protocol: 'h2c' });

interface H2cServer extends AsyncDisposable {
  readonly origin: string;
  readonly sessions: ServerHttp2Session[];
  readonly paths: string[];
}

async function openH2cServer(
  onStream: (stream: ServerHttp2Stream, path: string) => void,
  settings: { maxConcurrentStreams?: number } = {},
): Promise<H2cServer> {
  const sessions: ServerHttp2Session[] = [];
  const paths: string[] = [];
  const server: Http2Server = createServer({ settings });
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    paths.push(String(headers[':path']));
    onStream(stream as ServerHttp2Stream, String(headers[':path']));
  });
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    paths,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function respond(stream: ServerHttp2Stream, body: string): void {
  stream.respond({ ':status': 200, 'X-A': ['1', '2'] });
  stream.end(body);
}

for (const depth of [1, 4]) {
  test(
    `a 100 that nothing expects ends its connection and is no surplus answer: a request is open (depth ${depth})`,
    DEADLINE,
    async () => {
      await using server = await openRawServer((connection, { path }) => {
        if (connection === server.connections[0]) connection.write('HTTP/1.1 100 Continue\r\n\r\n');
        connection.write(answer(path));
      });
      await using lane = new LaneUnderTest(openUndiciLane, server.origin, { depth });
      const probes = lane.send(...Array.from({ length: depth }, (_, index) => `/${index}`));
      await words(probes);
      assert.ok(probes.every(({ code }) => code !== undefined));
      const next = await lane.fetch('/next');
      assert.deepEqual([next.status, next.body], [200, '/next']);
      assert.deepEqual([lane.opened, lane.surplus], [2, 0]);
    },
  );
}

test(
  'h2c: depth streams are open at once on one connection, and answers come in any order',
  DEADLINE,
  async () => {
    const streams: [ServerHttp2Stream, string][] = [];
    await using server = await openH2cServer((stream, path) => {
      streams.push([stream, path]);
      if (streams.length === 8) for (const [open, name] of streams.toReversed()) respond(open, name);
    });
    await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 8 });
    const paths = Array.from({ length: 8 }, (_, index) => `/${index}`);
    const probes = lane.send(...paths);
    assert.deepEqual(
      await words(probes),
      paths.map((path) => `200 ${path}`),
    );
    assert.equal(lane.opened, 1);
    assert.deepEqual(
      probes[0]?.headers
        .filter(([name]) => name === 'x-a')
        .map(([, value]) => value)
        .join(', '),
      '1, 2',
    );
    assert.ok(probes[0]?.headers.every(([name]) => !name.startsWith(':')));
  },
);

test(
  'h2c: a thousand requests sent from inside onEnd, each answered once with its own body',
  DEADLINE,
  async () => {
    await using server = await openH2cServer((stream, path) => respond(stream, path));
    await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 20 });
    let next = 0;
    const right = new Set<string>();
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const { promise, resolve } = Promise.withResolvers<void>();
        const sendNext = () => {
          if (next === 1_000) return resolve();
          const probe = new Probe(`/${next++}`);
          probe.hooks = {
            onEnd: () => {
              if (probe.body === probe.path) right.add(probe.path);
              sendNext();
            },
            onError: resolve,
          };
          lane.slot.send(probe);
        };
        sendNext();
        await promise;
      }),
    );
    assert.equal(right.size, 1_000);
    assert.equal(server.paths.length, 1_000);
    assert.equal(lane.opened, 1);
  },
);

test(
  'h2c: a server that allows fewer streams than the depth gets no more than it allows',
  DEADLINE,
  async () => {
    let open = 0;
    let most = 0;
    await using server = await openH2cServer(
      (stream, path) => {
        most = Math.max(most, ++open);
        stream.on('close', () => open--);
        setImmediate(() => respond(stream, path));
      },
      { maxConcurrentStreams: 3 },
    );
    await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 10 });
    await lane.fetch('/settle');
    const probes = lane.send(...Array.from({ length: 10 }, (_, index) => `/${index}`));
    const ends = await words(probes);
    assert.ok(
      ends.every((end) => end.startsWith('200 ')),
      ends.join(),
    );
    assert.ok(most <= 3, `at most 3 streams, found ${most}`);
  },
);

test('h2c: cancelling one stream leaves the others on the connection alone', DEADLINE, async () => {
  const held: ServerHttp2Stream[] = [];
  await using server = await openH2cServer((stream, path) => {
    if (path === '/1') held.push(stream);
    else respond(stream, path);
  });
  await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 3 });
  const probes = lane.send('/0', '/1', '/2');
  await Promise.all([probes[0]?.done, probes[2]?.done]);
  const deadline = new Error('deadline');
  lane.slot.cancel(probes[1] as Probe, deadline);
  assert.deepEqual(await words(probes), ['200 /0', 'head-of-line', '200 /2']);
  assert.equal(probes[1]?.error, deadline);
  assert.equal((await lane.fetch('/3')).body, '/3');
  assert.equal(lane.opened, 1);
});

test(
  'h2c: a session that is lost ends every attempt on it once, and none is sent again by the lane',
  DEADLINE,
  async () => {
    await using server = await openH2cServer((_stream, path) => {
      if (path !== '/later' && server.paths.length === 4) server.sessions[0]?.destroy();
      else if (path === '/later') respond(_stream, path);
    });
    await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 4 });
    const probes = lane.send('/0', '/1', '/2', '/3');
    const ends = await words(probes);
    assert.deepEqual(ends, ['head-of-line', 'head-of-line', 'head-of-line', 'head-of-line']);
    await lane.closedCount(1);
    assert.equal((await lane.fetch('/later')).body, '/later');
    assert.deepEqual(server.paths, ['/0', '/1', '/2', '/3', '/later']);
  },
);

test('h2c: a stream that the server resets inside its answer fails as answering', DEADLINE, async () => {
  await using server = await openH2cServer((stream, path) => {
    if (path === '/whole') return respond(stream, path);
    stream.respond({ ':status': 200 });
    stream.write('half');
  });
  await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 2 });
  const probe = new Probe('/cut');
  probe.hooks.onData = () => server.sessions[0]?.destroy();
  lane.slot.send(probe);
  await probe.done;
  assert.deepEqual([probe.state, probe.reached, probe.body], ['failed', 'answering', 'half']);
  assert.equal((await lane.fetch('/whole')).body, '/whole');
});

test(
  'h2c: GOAWAY lets what was accepted end, and the next request goes on a new connection',
  DEADLINE,
  async () => {
    await using server = await openH2cServer((stream, path) => {
      if (path === '/0') server.sessions[0]?.goaway(0);
      setImmediate(() => respond(stream, path));
    });
    await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 2 });
    assert.equal((await lane.fetch('/0')).body, '/0');
    assert.equal((await lane.fetch('/1')).body, '/1');
    assert.equal(lane.opened, 2);
  },
);

test('h2c: a server that speaks HTTP/1.1 alone fails the attempts, with no hang', DEADLINE, async () => {
  const { createServer: createPlain } = await import('node:http');
  const server = createPlain((_request, response) => response.end('x')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await using lane = new LaneUnderTest(openH2c, `http://127.0.0.1:${port}`, { depth: 2 });
    const probes = lane.send('/0', '/1');
    await Promise.all(probes.map((probe) => probe.done));
    assert.ok(probes.every(({ state }) => state === 'failed'));
  } finally {
    server.close();
  }
});

test('h2c: reset drops the session with every attempt on it', DEADLINE, async () => {
  await using server = await openH2cServer((stream, path) => {
    if (path === '/next') respond(stream, path);
  });
  await using lane = new LaneUnderTest(openH2c, server.origin, { depth: 3 });
  const probes = lane.send('/0', '/1');
  await sent(probes);
  const distrust = new Error('distrust');
  lane.slot.reset(distrust);
  assert.deepEqual(await words(probes), ['head-of-line', 'head-of-line']);
  assert.equal(probes[0]?.error, distrust);
  assert.equal((await lane.fetch('/next')).body, '/next');
  assert.equal(lane.opened, 2);
});

test('h2c: close ends what is open', DEADLINE, async () => {
  await using server = await openH2cServer(() => {});
  const lane = new LaneUnderTest(openH2c, server.origin, { depth: 3 });
  const probes = lane.send('/0', '/1');
  await sent(probes);
  await lane.lane.close(true);
  assert.deepEqual(await words(probes), ['head-of-line', 'head-of-line']);
  assert.deepEqual([lane.opened, lane.closed], [1, 1]);
});
