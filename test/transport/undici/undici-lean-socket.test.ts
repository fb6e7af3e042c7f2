import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { Client, type Dispatcher } from 'undici';
import { UndiciLeanSocket } from '../../../src/transport/undici/undici-lean-socket.ts';
import { openRawServer, type RawServer } from '../../helpers/raw-server.ts';

const DEADLINE = { timeout: 20_000 };

async function connected(server: RawServer, isJoining = true): Promise<UndiciLeanSocket> {
  const socket = new UndiciLeanSocket({ host: '127.0.0.1', port: server.port }, isJoining);
  await once(socket, 'connect');
  while (server.connections.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return socket;
}

test('what is read is handed out once, and stays what it was when others read', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const first = await connected(server);
  server.connections[0]?.write('first');
  await once(first, 'readable');
  const piece = first.read();
  assert.equal(first.read(), null);
  const second = new UndiciLeanSocket({ host: '127.0.0.1', port: server.port }, true);
  await once(second, 'connect');
  while (server.connections.length < 2) await new Promise((resolve) => setImmediate(resolve));
  server.connections[1]?.write('other');
  await once(second, 'readable');
  assert.equal(second.read()?.toString(), 'other');
  assert.equal(piece?.toString(), 'first');
  for (const socket of [first, second]) {
    socket.destroy();
    await once(socket, 'close');
  }
});

test('what is not read stops the reading, and reading goes on where it stopped', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const socket = await connected(server);
  const sent = Buffer.alloc(16 * 1024 * 1024);
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at);
  server.connections[0]?.socket.end(sent);
  await once(socket, 'readable');
  // The server's own buffer holds the rest for as long as nobody reads: turns pass, and no byte comes.
  const stoodStill = socket.bytesRead;
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(socket.bytesRead, stoodStill);
  assert.ok(stoodStill < sent.length / 2);
  const pieces: Buffer[] = [];
  const drain = () => {
    for (let piece = socket.read(); piece !== null; piece = socket.read()) pieces.push(piece);
  };
  socket.on('readable', drain);
  drain();
  await once(socket, 'end');
  assert.equal(Buffer.compare(Buffer.concat(pieces), sent), 0);
});

test('the end comes after the last piece was taken', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const socket = await connected(server);
  let hasEnded = false;
  socket.on('end', () => {
    hasEnded = true;
  });
  server.connections[0]?.socket.end('last');
  await once(socket, 'readable');
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(hasEnded, false);
  const ended = once(socket, 'end');
  assert.equal(socket.read()?.toString(), 'last');
  await ended;
  await once(socket, 'close');
});

test('what is given back is read again first', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const socket = await connected(server);
  server.connections[0]?.write('abcdef');
  await once(socket, 'readable');
  const piece = socket.read() as Buffer;
  socket.unshift(piece.subarray(3));
  socket.unshift(Buffer.alloc(0));
  assert.equal(socket.read()?.toString(), 'def');
  assert.equal(socket.read(), null);
  socket.destroy();
  await once(socket, 'close');
});

test('the writes of a turn leave as one', DEADLINE, async () => {
  await using server = await openRawServer((connection) => {
    if (connection.requests.length % 50 === 0) connection.write('all');
  });
  const socket = await connected(server);
  for (let round = 1; round <= 3; round++) {
    const answered = once(socket, 'readable');
    for (let index = 0; index < 50; index++) socket.write(`GET /${index} HTTP/1.1\r\n\r\n`);
    await answered;
    socket.read();
    assert.equal(server.connections[0]?.readCount, round);
  }
  socket.destroy();
  await once(socket, 'close');
});

test(
  'destroyed with an error it says so and closes, and what was written in that turn is dropped',
  DEADLINE,
  async () => {
    await using server = await openRawServer(() => {});
    const socket = await connected(server);
    const error = new Error('enough');
    socket.write('GET /lost HTTP/1.1\r\n\r\n');
    const said: unknown[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    socket.on('error', (found) => said.push(found));
    socket.on('close', (hadError) => {
      said.push(hadError);
      resolve();
    });
    socket.destroy(error);
    assert.equal(socket.destroyed, true);
    assert.equal(socket.errored, error);
    await promise;
    assert.deepEqual(said, [error, true]);
    assert.equal(server.requestCount, 0);
  },
);

test('a reset by the other side is an error and a close', DEADLINE, async () => {
  await using server = await openRawServer(() => {});
  const socket = await connected(server);
  const failed = once(socket, 'error');
  server.connections[0]?.socket.resetAndDestroy();
  const [error] = (await failed) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNRESET');
  await once(socket, 'close');
});

test('undici pauses and resumes a body over it, and loses no byte', DEADLINE, async () => {
  const body = Buffer.alloc(4 * 1024 * 1024);
  for (let at = 0; at < body.length; at += 4) body.writeUInt32LE(at, at);
  await using server = await openRawServer((connection) => {
    connection.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
    connection.write(body);
  });
  const client = new Client(server.origin, {
    connect: (target, callback) => {
      const socket = new UndiciLeanSocket({ host: target.hostname, port: Number(target.port) }, true);
      socket.once('connect', () => callback(null, socket as unknown as Socket));
      socket.on('error', (error) => callback(error, null));
    },
  });
  for (let count = 0; count < 2; count++) {
    const pieces: Buffer[] = [];
    let pauseCount = 0;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => {},
      onResponseStart: () => {},
      onResponseData: (controller, chunk) => {
        pieces.push(Buffer.from(chunk));
        pauseCount++;
        controller.pause();
        setImmediate(() => controller.resume());
      },
      onResponseEnd: () => resolve(),
      onResponseError: (_controller, error) => reject(error),
    };
    client.dispatch({ path: '/', method: 'GET' }, handler);
    await promise;
    assert.equal(Buffer.compare(Buffer.concat(pieces), body), 0);
    assert.ok(pauseCount > 3, 'the body came in pieces');
  }
  assert.equal(server.connections.length, 1);
  await client.destroy();
});
