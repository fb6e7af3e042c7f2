import assert from 'node:assert/strict';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fetchUrls, onlyFailed, onlyOk, serve } from './fetch-world.ts';

const TEXT = 'what is meant '.repeat(50);

for (const coding of [
  'UTF-8',
  'none',
  'binary',
  'aws-chunked',
  'identity',
  '8bit',
  'iso-8859-1',
  'utf8, NONE',
  '',
])
  test(`plain bytes under Content-Encoding ${JSON.stringify(coding)} are kept as they are`, async (t) => {
    const origin = await serve(t, (_, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(TEXT);
    });
    const fetched = await fetchUrls(t, [`${origin}/a.txt`]);
    assert.equal(readFileSync(join(fetched.root, onlyOk(fetched).stored.path ?? ''), 'utf8'), TEXT);
  });

for (const coding of ['rot13', 'gzip, compress', 'utf-8x'])
  test(`a coding that nobody knows is a failure (${coding})`, async (t) => {
    const origin = await serve(t, (_, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(TEXT);
    });
    assert.equal(onlyFailed(await fetchUrls(t, [`${origin}/a.txt`])).code, 'bad-encoding');
  });

const PACKED = { gzip: gzipSync(TEXT), zstd: zstdCompressSync(TEXT), br: brotliCompressSync(TEXT) };
for (const [name, fields, coding, isKept] of [
  ['a.tar.gz', {}, 'gzip', true],
  ['a.tgz', {}, 'x-gzip', true],
  ['A.GZ', {}, 'gzip', true],
  ['a.warc.zst', {}, 'zstd', true],
  ['a.js.br', {}, 'br', true],
  ['a', { 'content-type': 'application/x-gzip' }, 'gzip', true],
  ['a', { 'content-type': 'application/gzip; x=1' }, 'gzip', true],
  ['a', { 'content-disposition': 'attachment; filename="b.tgz"' }, 'gzip', true],
  ['a.txt', {}, 'gzip', false],
  ['a.gz', {}, 'br', false],
  ['a.zst', {}, 'gzip', false],
  ['a.gz.txt', { 'content-type': 'text/plain' }, 'gzip', false],
] as const)
  test(`${name} ${JSON.stringify(fields)} under Content-Encoding ${coding} is ${isKept ? 'kept packed' : 'unpacked'}`, async (t) => {
    const packed = PACKED[coding === 'x-gzip' ? 'gzip' : coding];
    const origin = await serve(t, (_, response) => {
      response.writeHead(200, { ...fields, 'content-encoding': coding }).end(packed);
    });
    const fetched = await fetchUrls(t, [`${origin}/${name}`]);
    const bytes = readFileSync(join(fetched.root, onlyOk(fetched).stored.path ?? ''));
    assert.deepEqual(bytes, isKept ? packed : Buffer.from(TEXT));
  });

/** Answers each request line with these bytes, one connection after the other. */
async function serveRaw(t: TestContext, answers: Readonly<Record<string, string>>): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined);
    let seen = '';
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      if (!seen.includes('\r\n\r\n')) return;
      const path = seen.split(' ')[1] ?? '';
      seen = '';
      socket.end(
        answers[path] ?? `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`,
        'latin1',
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const redirect = (...lines: string[]) =>
  `HTTP/1.1 302 Found\r\n${lines.map((line) => `${line}\r\n`).join('')}Content-Length: 0\r\nConnection: close\r\n\r\n`;
const RAW_UTF8 = Buffer.from('/grün/日本', 'utf8').toString('latin1');

for (const transport of ['auto', 'undici'] as const)
  for (const [kind, lines, path] of [
    ['raw UTF-8', [`Location: ${RAW_UTF8}`], '/gr%C3%BCn/%E6%97%A5%E6%9C%AC'],
    ['bytes that are no UTF-8', ['Location: /gr\u00fcn'], '/gr%C3%BCn'],
    ['a relative path', ['Location: b/../c'], '/dir/c'],
    ['a query alone', ['Location: ?q=1'], '/dir/a?q=1'],
    ['a fragment', ['Location: /c#part'], '/c'],
    ['blanks around it', ['Location: \t /c \t'], '/c'],
    ['itself twice', ['Location: /c', 'Location: /c'], '/c'],
    ['another one after it', ['Location: /c', 'Location: /d'], '/c'],
    ['a comma in it', ['Location: /c, d'], '/c,%20d'],
  ] as const)
    test(`a Location with ${kind} leads where a browser goes (${transport})`, async (t) => {
      const origin = await serveRaw(t, { '/dir/a': redirect(...lines) });
      const fetched = await fetchUrls(t, [`${origin}/dir/a`], { request: { transport } });
      assert.equal(readFileSync(join(fetched.root, onlyOk(fetched).stored.path ?? ''), 'utf8'), path);
    });

for (const transport of ['auto', 'undici'] as const)
  test(`two Content-Disposition give the first name, never both in one (${transport})`, async (t) => {
    const origin = await serveRaw(t, {
      '/x': 'HTTP/1.1 200 OK\r\nContent-Disposition: attachment; filename=a.txt\r\nContent-Disposition: attachment; filename=b.txt\r\nContent-Length: 2\r\n\r\nok',
    });
    const fetched = await fetchUrls(t, [`${origin}/x`], { request: { transport } });
    assert.equal(onlyOk(fetched).stored.path, 'a.txt');
  });

test('a redirect to itself that sets a cookie ends at the page, and the next target begins without it', async (t) => {
  const withCookie: (string | undefined)[] = [];
  const origin = await serve(t, (request, response) => {
    if (request.headers.cookie === undefined) {
      response
        .writeHead(302, { location: request.url ?? '', 'set-cookie': ['seen=1; Path=/', 'b=2; HttpOnly'] })
        .end();
      return;
    }
    withCookie.push(request.headers.cookie);
    response.end('page');
  });
  const { report } = await fetchUrls(t, [`${origin}/a`, `${origin}/b`], { cores: 1, maxInFlight: 1 });
  assert.deepEqual([report.ok, report.attemptsSent], [2, 4]);
  assert.deepEqual(withCookie, ['seen=1; b=2', 'seen=1; b=2']);
});

for (const [status, code, attempts] of [
  [407, 'proxy-login', 1],
  [403, 'proxy-refused', 1],
  [502, 'proxy-unavailable', 2],
  [503, 'proxy-unavailable', 2],
] as const)
  test(`a proxy that answers CONNECT with ${status} is ${code}, after ${attempts} attempts`, async (t) => {
    let connects = 0;
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        connects++;
        socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const https = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failure = onlyFailed(
      await fetchUrls(t, ['https://origin.test/a'], {
        limits: { maxRetries: 1 },
        request: { proxy: { http: '', https, except: '' } },
      }),
    );
    assert.deepEqual([failure.code, failure.attempts, connects], [code, attempts, attempts]);
  });
