import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { makeSelfSigned } from '../../../src/server/faults/self-signed.ts';
import type { LaneOptions } from '../../../src/transport/lane.ts';
import { TlsClient } from '../../../src/transport/tls/tls-client.ts';
import { openWireLane } from '../../../src/transport/wire/wire-lane.ts';
import {
  LaneUnderTest,
  openWireTlsLane,
  Probe,
  serveRawTls,
  TEST_CERTIFICATE,
  words,
} from '../../helpers/lane-probe.ts';
import { answer, type RawConnection } from '../../helpers/raw-server.ts';

const DEADLINE = { timeout: 20_000 };
const DAY_MS = 86_400_000;

/** Resolves names to the loopback address. */
const lookup: NonNullable<LaneOptions['lookup']> = (_host, _options, callback) =>
  process.nextTick(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));

function tlsOf({ socket }: RawConnection): TLSSocket {
  return socket as TLSSocket;
}

test(
  'an unknown authority, another name and an expired certificate are tls, and nothing is sent',
  DEADLINE,
  async () => {
    await using server = await serveRawTls((connection, { path }) => connection.write(answer(path)));
    const old = makeSelfSigned(new Date(Date.now() - 2 * DAY_MS), new Date(Date.now() - DAY_MS));
    await using expired = await serveRawTls(() => {}, undefined, old);
    const trusting =
      (ca: string | null, isInsecure = false) =>
      (options: LaneOptions) =>
        openWireLane({ ...options, lookup, tls: new TlsClient({ ca, isInsecure }) });
    const asked: [
      open: (options: LaneOptions) => ReturnType<typeof openWireLane>,
      origin: string,
      word: RegExp,
    ][] = [
      [trusting(null), server.origin, /SELF_SIGNED/],
      [trusting(TEST_CERTIFICATE.cert), `https://another.example:${server.port}`, /ALTNAME/],
      [trusting(old.cert), expired.origin, /CERT_HAS_EXPIRED/],
    ];
    for (const [open, origin, word] of asked) {
      await using lane = new LaneUnderTest(open, origin);
      const probe = await lane.fetch('/a');
      assert.deepEqual([probe.state, probe.code, probe.reached], ['failed', 'tls', 'unsent'], origin);
      assert.match((probe.error as Error).message, word);
    }
    assert.equal(server.requestCount, 0);
    await using careless = new LaneUnderTest(trusting(null, true), server.origin);
    assert.equal((await careless.fetch('/a')).body, '/a');
  },
);

test('SNI is the name without its final dot, and never an address', DEADLINE, async () => {
  const names: unknown[] = [];
  await using server = await serveRawTls(
    (connection, { path }) => connection.write(answer(path)),
    (connection) => names.push(tlsOf(connection).servername),
  );
  for (const host of ['localhost', 'localhost.', '127.0.0.1', '[::ffff:127.0.0.1]']) {
    await using lane = new LaneUnderTest(
      (options) => openWireLane({ ...options, lookup, tls: new TlsClient({ ca: null, isInsecure: true }) }),
      `https://${host}:${server.port}`,
    );
    assert.equal((await lane.fetch('/a')).body, '/a', host);
  }
  assert.deepEqual(names, ['localhost', 'localhost', false, false]);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a second connection resumes the session of the first`, DEADLINE, async () => {
    const resumed: boolean[] = [];
    await using server = await serveRawTls(
      (connection, { path }) => connection.write(answer(path, 'Connection: close\r\n')),
      (connection) => resumed.push(tlsOf(connection).isSessionReused()),
      { minVersion: version, maxVersion: version },
    );
    await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
    for (const path of ['/0', '/1', '/2']) assert.equal((await lane.fetch(path)).body, path);
    assert.deepEqual(resumed, [false, true, true]);
  });

  test(`${version}: a server that forgets its sessions still answers`, DEADLINE, async () => {
    const resumed: boolean[] = [];
    await using server = await serveRawTls(
      (connection, { path }) => connection.write(answer(path, 'Connection: close\r\n')),
      (connection) => resumed.push(tlsOf(connection).isSessionReused()),
      { minVersion: version, maxVersion: version },
    );
    await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
    for (let count = 0; count < 12; count++) {
      assert.equal((await lane.fetch(`/${count}`)).body, `/${count}`);
      server.forgetSessions();
    }
    assert.deepEqual(new Set(resumed), new Set([false]));
  });
}

test(
  'a certificate that expires during a run is tls at the next connection, resumed or not',
  DEADLINE,
  async () => {
    // Its clock, and what is seen of the certificate's, are whole seconds.
    const notAfter = new Date((Math.floor(Date.now() / 1000) + 3) * 1000);
    const certificate = makeSelfSigned(new Date(Date.now() - DAY_MS), notAfter);
    await using server = await serveRawTls(
      (connection, { path }) => connection.write(answer(path, 'Connection: close\r\n')),
      undefined,
      certificate,
    );
    const tls = new TlsClient({ ca: certificate.cert, isInsecure: false });
    await using lane = new LaneUnderTest((options) => openWireLane({ ...options, tls }), server.origin);
    assert.equal((await lane.fetch('/0')).body, '/0');
    let last = await lane.fetch('/1');
    while (last.state === 'ended') last = await lane.fetch('/again');
    assert.deepEqual([last.code, last.reached], ['tls', 'unsent']);
    assert.ok(Date.now() >= notAfter.getTime());
    assert.match((last.error as Error).message, /CERT_HAS_EXPIRED/);
  },
);

test(
  'a body that lasts until the close is whole with a close_notify and body-cut without',
  DEADLINE,
  async () => {
    const head = 'HTTP/1.1 200 OK\r\n\r\n';
    await using server = await serveRawTls((connection, { path }) => {
      connection.write(`${head}${path} until `);
      if (path === '/whole') connection.socket.end('the end');
      else if (path === '/reset') connection.socket.write('the', () => connection.reset());
      else connection.socket.write('the', () => connection.tcp.end());
    });
    await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
    for (let round = 0; round < 5; round++) {
      const whole = await lane.fetch('/whole');
      assert.deepEqual([whole.state, whole.body], ['ended', '/whole until the end']);
      const cut = await lane.fetch('/cut');
      assert.deepEqual([cut.state, cut.code, cut.reached], ['failed', 'body-cut', 'answering']);
      const reset = await lane.fetch('/reset');
      assert.deepEqual([reset.state, reset.code, reset.reached], ['failed', 'ECONNRESET', 'answering']);
    }
  },
);

test('what length or chunks say is whole needs no close_notify', DEADLINE, async () => {
  await using server = await serveRawTls((connection, { path }) => {
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n0\r\n\r\n';
    connection.socket.write(path === '/length' ? answer('whole') : chunked, () => connection.tcp.end());
  });
  await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
  for (const path of ['/length', '/chunked', '/length']) {
    assert.equal((await lane.fetch(path)).body, 'whole');
    await lane.closedCount(lane.opened);
  }
});

test(
  'a peer that half-closes, by close_notify or by TCP, ends what it owes, and is asked anew',
  DEADLINE,
  async () => {
    const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
    await using server = await serveRawTls((connection, { path }) => {
      if (path === '/notify') connection.socket.end(half);
      else if (path === '/tcp') connection.socket.write(half, () => connection.tcp.end());
      else if (path === '/silent') connection.socket.end();
      else connection.write(answer(path));
    });
    await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
    for (const path of ['/notify', '/tcp']) {
      const probe = await lane.fetch(path);
      assert.deepEqual([probe.state, probe.code, probe.reached], ['failed', 'body-mismatch', 'answering']);
      assert.equal((await lane.fetch('/a')).body, '/a');
    }
    const silent = await lane.fetch('/silent');
    assert.deepEqual([silent.code, silent.reached], ['connection-lost', 'head-of-line']);
  },
);

test(
  'bytes that are no record in the middle of a body are tls-broken, and so is an alert',
  DEADLINE,
  async () => {
    const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
    await using server = await serveRawTls(
      (connection, { path }) => {
        if (path === '/a') connection.write(answer(path));
        else
          connection.socket.write(half, () =>
            // An alert in the clear (fatal, internal error), or an answer of another program.
            connection.tcp.write(
              path === '/alert' ? Buffer.from('15030300020250', 'hex') : 'HTTP/1.1 200 OK\r\n',
            ),
          );
      },
      undefined,
      { maxVersion: 'TLSv1.2' },
    );
    await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
    for (const path of ['/alert', '/garbage']) {
      const probe = await lane.fetch(path);
      assert.deepEqual([probe.state, probe.code, probe.reached], ['failed', 'tls-broken', 'answering'], path);
      assert.equal((await lane.fetch('/a')).body, '/a');
    }
  },
);

test('a server that wants a second handshake is tls-broken', DEADLINE, async (t) => {
  const origin = await startRenegotiating(t);
  await using lane = new LaneUnderTest(openWireTlsLane, origin);
  const probe = await lane.fetch('/reneg');
  assert.deepEqual([probe.state, probe.code], ['failed', 'tls-broken']);
});

test(
  'a server that speaks no TLS is tls, and one that ends during the handshake is a lost connection',
  DEADLINE,
  async (t) => {
    const plain = createTcpServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    );
    const ending = createTcpServer((socket) => socket.once('data', () => socket.end()));
    for (const [server, code] of [
      [plain, 'tls'],
      [ending, 'ECONNRESET'],
    ] as const) {
      server.listen(0, '127.0.0.1');
      t.after(() => server.close());
      await once(server, 'listening');
      await using lane = new LaneUnderTest(
        openWireTlsLane,
        `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      );
      const probe = await lane.fetch('/a');
      assert.deepEqual([probe.state, probe.code, probe.reached], ['failed', code, 'unsent']);
    }
  },
);

test('a handshake that hangs fails at the deadline of the connection', DEADLINE, async (t) => {
  const server = createTcpServer(() => {}).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await using lane = new LaneUnderTest(openWireTlsLane, origin, { connectTimeoutMs: 200 });
  const probe = await lane.fetch('/a');
  assert.deepEqual([probe.code, probe.reached], ['connect-timeout', 'unsent']);
});

test('pausing stops a body, watched or not, and resuming brings the rest', DEADLINE, async () => {
  const body = 'x'.repeat(8 * 1024 * 1024);
  await using server = await serveRawTls((connection, { path }) => {
    if (path === '/counted') connection.write(answer(body));
    else connection.socket.end(`HTTP/1.1 200 OK\r\n\r\n${body}`);
  });
  await using lane = new LaneUnderTest(openWireTlsLane, server.origin);
  for (const path of ['/counted', '/until-close', '/until-close']) {
    const probe = new Probe(path, 'GET', 2);
    let pieces = 0;
    probe.hooks.onData = () => {
      if (++pieces % 16 !== 0) return;
      lane.slot.pause?.(true);
      setImmediate(() => lane.slot.pause?.(false));
    };
    lane.slot.send(probe);
    await probe.done;
    assert.deepEqual([probe.state, probe.body.length], ['ended', body.length]);
  }
});

test(
  'an answer is the same however its records, and the bytes of its records, are cut',
  DEADLINE,
  async () => {
    const bytes =
      'HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nwhole\r\n3\r\n it\r\n0\r\nT: r\r\n\r\n';
    await using server = await serveRawTls((connection, { path }) => {
      const at = Number(path.slice(1));
      // Each write is a record of its own.
      connection.write(bytes.slice(0, at));
      connection.write(bytes.slice(at));
    });
    const relay = await startRelay(server.port);
    try {
      await using direct = new LaneUnderTest(openWireTlsLane, server.origin);
      for (let at = 1; at < bytes.length; at++) assert.equal((await direct.fetch(`/${at}`)).body, 'whole it');
      await using cut = new LaneUnderTest(openWireTlsLane, `https://127.0.0.1:${relay.port}`);
      for (const at of [1, 30, bytes.length - 1]) assert.equal((await cut.fetch(`/${at}`)).body, 'whole it');
    } finally {
      relay.close();
    }
  },
);

test('many of a pipeline over TLS come in order', DEADLINE, async () => {
  await using server = await serveRawTls((connection, { path }) => connection.write(answer(path)));
  await using lane = new LaneUnderTest(openWireTlsLane, server.origin, { depth: 100 });
  const paths = Array.from({ length: 1000 }, (_, index) => `/${index}`);
  assert.deepEqual(
    await words(lane.send(...paths)),
    paths.map((path) => `200 ${path}`),
  );
});

/** OpenSSL's own server, which is told to begin a second handshake once it was asked something. */
async function startRenegotiating(t: TestContext): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'spillway-tls-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(join(directory, 'server.pem'), TEST_CERTIFICATE.key + TEST_CERTIFICATE.cert);
  const port = await freePort();
  const server = spawn(
    'openssl',
    ['s_server', '-accept', `127.0.0.1:${port}`, '-cert', 'server.pem', '-tls1_2', '-legacy_renegotiation'],
    { cwd: directory, stdio: ['pipe', 'pipe', 'ignore'] },
  );
  t.after(() => server.kill('SIGKILL'));
  let text = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  server.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (text.includes('ACCEPT')) resolve();
    if (!text.includes('GET /reneg')) return;
    text = '';
    server.stdin.write('R\n');
  });
  await promise;
  return `https://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Hands on what the server sends a byte at a time, each to be read before the next. */
async function startRelay(serverPort: number): Promise<{ readonly port: number; close(): void }> {
  const server = createTcpServer({ noDelay: true }, (client) => {
    const upstream = connectTcp(serverPort, '127.0.0.1');
    client.pipe(upstream);
    const waiting: Buffer[] = [];
    const handOn = () => {
      const [chunk] = waiting;
      if (chunk === undefined || client.destroyed) return;
      client.write(chunk.subarray(0, 1));
      if (chunk.length > 1) waiting[0] = chunk.subarray(1);
      else waiting.shift();
      setImmediate(handOn);
    };
    upstream.on('data', (chunk: Buffer) => {
      if (waiting.push(chunk) === 1) handOn();
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
