import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { joinWrites } from '../../src/server/joined-writes.ts';

const DEADLINE = { timeout: 20_000 };

/** What a client gets, read by read, of what `serve` writes to a socket with joined writes. */
async function readsOf(t: TestContext, serve: (socket: Socket) => void, request = ''): Promise<string[]> {
  const server = createServer((socket) => {
    joinWrites(socket);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => client.destroy());
  client.write(request);
  const reads: string[] = [];
  client.on('data', (chunk: Buffer) => reads.push(chunk.toString()));
  await once(client, 'end');
  return reads;
}

test('the writes of a turn leave as one, in their order, and an end after them', DEADLINE, async (t) => {
  const reads = await readsOf(t, (socket) => {
    for (const text of ['one ', 'two ', 'three']) socket.write(text);
    socket.end();
  });
  assert.deepEqual(reads, ['one two three']);
});

test('texts and bytes in any mix keep their order and their encoding', DEADLINE, async (t) => {
  const reads = await readsOf(t, (socket) => {
    socket.cork();
    socket.write('é', 'latin1');
    socket.write('é');
    socket.uncork();
    socket.write(Buffer.from([0x61]));
    socket.end('b');
  });
  assert.equal(Buffer.from(reads.join('')).toString('hex'), Buffer.from('\ufffdéab').toString('hex'));
});

test('more than a kernel takes at once arrives whole, and the writer waits', DEADLINE, async (t) => {
  const piece = 'x'.repeat(64 * 1024);
  let isWaiting = false;
  const reads = await readsOf(t, (socket) => {
    for (let count = 0; count < 500; count++) isWaiting = !socket.write(piece) || isWaiting;
    socket.end();
  });
  assert.equal(reads.join('').length, 500 * piece.length);
  assert.ok(isWaiting);
});

test('what is written before the socket is destroyed still leaves', DEADLINE, async (t) => {
  const reads = await readsOf(t, (socket) => {
    socket.write('sorry');
    socket.destroy();
  });
  assert.deepEqual(reads, ['sorry']);
});

test("a pipeline's answers that are due together come together", DEADLINE, async (t) => {
  const due: (() => void)[] = [];
  const app = createHttpServer((request, response) => {
    due.push(() => response.end(`${request.url};`));
    if (due.length === 50) for (const send of due) send();
  });
  t.after(() => app.close());
  const paths = Array.from({ length: 50 }, (_, index) => `/${index}`);
  const requests = paths.map(
    (path, index) => `GET ${path} HTTP/1.1\r\nhost: x\r\n${index === 49 ? 'connection: close\r\n' : ''}\r\n`,
  );
  const reads = await readsOf(t, (socket) => app.emit('connection', socket), requests.join(''));
  assert.deepEqual(reads.join('').match(/\/\d+(?=;)/gu), paths);
  assert.ok(reads.length <= 5, `${reads.length} reads for 50 answers`);
});

test('a client that goes away in the middle ends the socket, with its error', DEADLINE, async (t) => {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const server = createServer((socket) => {
    joinWrites(socket);
    socket.on('error', () => {});
    resolve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const socket = await promise;
  client.resetAndDestroy();
  const timer = setInterval(() => socket.write('x'.repeat(100_000)), 1);
  t.after(() => clearInterval(timer));
  if (!socket.closed) await new Promise((closed) => socket.once('close', closed));
  assert.ok(socket.destroyed);
});
