import assert from 'node:assert/strict';
import { createServer as createHttpServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createNetServer, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { makeCertificates } from './certificates.ts';
import { fetchUrls, listen, onlyFailed, onlyOk, serve } from './fetch-world.ts';

test('TLS is verified: an unknown authority is tls, --ca makes it known, --insecure does not ask', async (t) => {
  const { caFile, key, cert } = makeCertificates(t);
  const server = createHttpsServer({ key, cert }, (_, response) => response.end('safe'));
  const url = `https://127.0.0.1:${await listen(t, server)}/a`;
  const refused = onlyFailed(await fetchUrls(t, [url], { limits: { maxRetries: 3 } }));
  assert.deepEqual([refused.code, refused.attempts], ['tls', 1]);
  assert.equal(onlyOk(await fetchUrls(t, [url], { caFile })).bytes, 4);
  assert.equal(onlyOk(await fetchUrls(t, [url], { request: { isInsecure: true } })).bytes, 4);
});

test('an origin whose certificate is refused is found out by a few handshakes, and others go on', async (t) => {
  const { key, cert } = makeCertificates(t);
  let handshakes = 0;
  const server = createHttpsServer({ key, cert }, (_, response) => response.end('never'));
  server.on('connection', () => handshakes++);
  const bad = `https://127.0.0.1:${await listen(t, server)}`;
  const good = await serve(t, (_, response) => response.end('good'));
  const urls = Array.from({ length: 600 }, (_, n) => `${n % 2 === 0 ? bad : good}/${n}`);
  const { report, outcomes } = await fetchUrls(t, urls, { budgets: { isAdaptive: true } });
  assert.deepEqual([report.ok, report.failed], [300, 300]);
  for (const outcome of outcomes)
    if (outcome.url.startsWith(bad)) assert.equal(outcome.kind === 'failed' && outcome.code, 'tls');
  // Three for each of two workers, and what else was on its way by then.
  assert.ok(handshakes >= 3 && handshakes <= 64, `${handshakes} handshakes for 300 targets`);
});

test('a certificate for another name is tls', async (t) => {
  const { caFile, key, cert } = makeCertificates(t);
  const server = createHttpsServer({ key, cert }, (_, response) => response.end('safe'));
  const port = await listen(t, server);
  const failure = onlyFailed(await fetchUrls(t, [`https://localhost:${port}/a`], { caFile }));
  assert.equal(failure.code, 'tls');
});

test('HTTP/2 is spoken where it is preferred and offered, many targets on few connections, and else HTTP/1.1', async (t) => {
  const { caFile, key, cert } = makeCertificates(t);
  const versions: Record<string, number> = {};
  const server = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
    versions[request.httpVersion] = (versions[request.httpVersion] ?? 0) + 1;
    response.end(`answer to ${request.url}`);
  });
  const origin = `https://127.0.0.1:${await listen(t, server)}`;
  const urls = Array.from({ length: 200 }, (_, n) => `${origin}/${n}`);
  const second = await fetchUrls(t, urls, { caFile, request: { prefersHttp2: true } });
  assert.equal(second.report.ok, 200);
  assert.deepEqual(versions, { '2.0': 200 });
  assert.ok(second.report.connectionsOpened <= 8, `${second.report.connectionsOpened} connections`);
  const first = await fetchUrls(t, urls, { caFile });
  assert.equal(first.report.ok, 200);
  assert.deepEqual(versions, { '1.1': 200, '2.0': 200 });
});

test('a server that speaks HTTP/2 alone is asked by HTTP/2, its later targets at once, and by --http1 not at all', async (t) => {
  const { caFile, key, cert } = makeCertificates(t);
  const declined: unknown[] = [];
  const server = createSecureServer({ key, cert }, (request, response) => response.end(request.httpVersion));
  server.on('tlsClientError', (error) => declined.push(error));
  server.on('unknownProtocol', () => declined.push('unknown'));
  const origin = `https://127.0.0.1:${await listen(t, server)}`;
  const urls = Array.from({ length: 50 }, (_, n) => `${origin}/${n}`);
  const { report } = await fetchUrls(t, urls, { caFile, cores: 1, maxInFlight: 2 });
  assert.deepEqual([report.ok, report.retries], [50, 0]);
  assert.ok(declined.length <= 2, `${declined.length} connections were declined`);
  const failure = onlyFailed(
    await fetchUrls(t, urls.slice(0, 1), { caFile, request: { allowsHttp2: false } }),
  );
  assert.equal(failure.code, 'tls');
});

test('a connection is kept for the next target', async (t) => {
  const sockets = new Set();
  const origin = await serve(t, (request, response) => {
    sockets.add(request.socket);
    response.end('x');
  });
  const urls = Array.from({ length: 50 }, (_, n) => `${origin}/${n}`);
  const { report } = await fetchUrls(t, urls, { maxInFlight: 1, cores: 1 });
  assert.deepEqual([report.ok, sockets.size], [50, 1]);
});

test('a proxy is used for all targets but the excepted ones', async (t) => {
  const asked: string[] = [];
  const proxy = createHttpServer();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const [host, port] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  });
  proxy.on('request', (request, response) => {
    asked.push(request.url ?? '');
    response.end('through the proxy');
  });
  const http = `http://127.0.0.1:${await listen(t, proxy)}`;
  const origin = await serve(t, (_, response) => response.end('through the proxy'));
  const through = await fetchUrls(t, [`${origin}/a`], {
    request: { proxy: { http, https: http, except: '' } },
  });
  assert.equal(onlyOk(through).bytes, 17);
  assert.equal(asked.length, 1);
  const around = await fetchUrls(t, [`${origin}/a`], {
    request: { proxy: { http, https: http, except: '127.0.0.1' } },
  });
  assert.equal(onlyOk(around).bytes, 17);
  assert.equal(asked.length, 1);
});

/** A server that is given each request's head, as one piece, and its socket. */
async function serveRaw(t: TestContext, answer: (socket: Socket, served: number) => void): Promise<string> {
  const server = createNetServer((socket) => {
    let served = 0;
    socket.on('error', () => socket.destroy());
    socket.on('data', () => answer(socket, served++));
  });
  return `http://127.0.0.1:${await listen(t, server)}`;
}

test('an answer in a framing that the wire transport refuses is fetched through undici, as the same attempt', async (t) => {
  let count = 0;
  const origin = await serveRaw(t, (socket) => {
    count++;
    socket.write(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5;with=extension\r\nhello\r\n0\r\n\r\n',
    );
  });
  const fetched = await fetchUrls(t, [`${origin}/a`], { cores: 1, request: { transport: 'auto' } });
  const outcome = onlyOk(fetched);
  assert.deepEqual([outcome.bytes, outcome.attempts, fetched.report.attemptsSent, count], [5, 1, 2, 2]);
  const direct = await fetchUrls(t, [`${origin}/a`], { cores: 1, request: { transport: 'undici' } });
  assert.deepEqual([onlyOk(direct).bytes, direct.report.attemptsSent, count], [5, 1, 3]);
});

test('a kept connection that ends before its answer costs no attempt, and one that never answers does', async (t) => {
  let connectionsThatServed = 0;
  const origin = await serveRaw(t, (socket, served) => {
    if (served > 0) {
      socket.destroy();
      return;
    }
    connectionsThatServed++;
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi');
  });
  const urls = Array.from({ length: 10 }, (_, n) => `${origin}/${n}`);
  const { report } = await fetchUrls(t, urls, { maxInFlight: 1, cores: 1, request: { transport: 'auto' } });
  assert.deepEqual([report.ok, report.retries, connectionsThatServed], [10, 0, 10]);
  const mute = await serveRaw(t, (socket) => socket.destroy());
  const limits = { maxRetries: 1 };
  const failure = onlyFailed(await fetchUrls(t, [`${mute}/a`], { limits, request: { transport: 'auto' } }));
  assert.deepEqual([failure.code, failure.attempts], ['connection-lost', 2]);
});

test('fields that touch the connection are left to undici, which knows what to do with them', async (t) => {
  const seen: unknown[] = [];
  const origin = await serve(t, (request, response) => {
    seen.push(request.headers.host, request.headers['x-own']);
    response.end('x');
  });
  const headers = [
    ['host', 'another.example'],
    ['x-own', 'value'],
  ] as const;
  assert.equal(onlyOk(await fetchUrls(t, [`${origin}/a`], { request: { headers } })).status, 200);
  assert.deepEqual(seen, ['another.example', 'value']);
});
