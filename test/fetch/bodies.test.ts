import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fetchUrls, listen, onlyFailed, onlyOk, serve } from './fetch-world.ts';

const TEXT = Buffer.from('so much text, again and again. '.repeat(5000));

const CODINGS: readonly (readonly [coding: string, body: Buffer])[] = [
  ['gzip', gzipSync(TEXT)],
  ['br', brotliCompressSync(TEXT)],
  ['zstd', zstdCompressSync(TEXT)],
  ['deflate', deflateSync(TEXT)],
  ['deflate', deflateRawSync(TEXT)],
  ['gzip, br', brotliCompressSync(gzipSync(TEXT))],
  ['identity', TEXT],
];

for (const [coding, body] of CODINGS)
  test(`a body in ${coding} (${body.length} bytes) is stored decoded`, async (t) => {
    let asked: string | undefined;
    const origin = await serve(t, (request, response) => {
      asked = request.headers['accept-encoding'];
      response.writeHead(200, { 'content-encoding': coding }).end(body);
    });
    const fetched = await fetchUrls(t, [`${origin}/a.txt`]);
    const { bytes, wireBytes } = onlyOk(fetched);
    assert.deepEqual(readFileSync(join(fetched.root, 'a.txt')), TEXT);
    assert.deepEqual([bytes, wireBytes], [TEXT.length, body.length]);
    assert.equal(asked, 'zstd, br, gzip');
  });

test('original bytes are kept when they are asked for', async (t) => {
  const body = gzipSync(TEXT);
  const origin = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
  });
  const fetched = await fetchUrls(t, [`${origin}/a.txt`], { bytes: 'original' });
  assert.equal(onlyOk(fetched).bytes, body.length);
  assert.deepEqual(readFileSync(join(fetched.root, 'a.txt')), body);
});

for (const [coding, body, code] of [
  ['gzip', gzipSync(TEXT).subarray(0, 200), 'bad-encoding'],
  ['gzip', Buffer.from('not gzip at all'), 'bad-encoding'],
  // Random bytes would now and then begin with a whole, empty body.
  ['br', Buffer.alloc(500), 'bad-encoding'],
  ['compress', Buffer.from('x'), 'bad-encoding'],
  // One megabyte on the wire, one gigabyte decoded.
  ['gzip', gzipSync(Buffer.alloc(2 ** 30)), 'body-too-large'],
] as const)
  test(`a ${coding} body of ${body.length} bytes that is broken or a bomb is ${code}, and leaves no file`, async (t) => {
    const origin = await serve(t, (_, response) => {
      response.writeHead(200, { 'content-encoding': coding }).end(body);
    });
    const fetched = await fetchUrls(t, [`${origin}/a`]);
    assert.equal(onlyFailed(fetched).code, code);
    assert.ok(fetched.report.peakRssBytes < 900 * 2 ** 20, `${fetched.report.peakRssBytes} bytes of memory`);
    assert.deepEqual(readdirSync(fetched.root), ['.spillway']);
  });

test('an endless body is cut at its cap, announced or not', async (t) => {
  let isCut = false;
  const origin = await serve(t, (request, response) => {
    if (request.url === '/announced') response.writeHead(200, { 'content-length': 1e15 });
    const timer = setInterval(() => response.write(Buffer.alloc(200_000)), 1);
    response.on('close', () => {
      isCut = true;
      clearInterval(timer);
    });
  });
  const fetched = await fetchUrls(t, [`${origin}/endless`, `${origin}/announced`], {
    limits: { maxBodyBytes: 1_000_000 },
  });
  assert.deepEqual(fetched.report.failures, { 'body-too-large': 2 });
  assert.ok(isCut);
  assert.deepEqual(readdirSync(fetched.root), ['.spillway']);
});

test('a body shorter than promised is a failure, and nothing stands under its name', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this'));
    socket.on('error', () => {});
  });
  const port = await listen(t, server);
  const fetched = await fetchUrls(t, [`http://127.0.0.1:${port}/a`]);
  const failure = onlyFailed(fetched);
  assert.equal(failure.code, 'body-mismatch');
  assert.match(failure.detail, /expected 100 bytes, found 9/u);
  assert.deepEqual(readdirSync(fetched.root), ['.spillway']);
});

test('a chunked body that ends early is a failure', async (t) => {
  const server = createServer((socket) => {
    socket.once('data', () =>
      socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'),
    );
    socket.on('error', () => {});
  });
  const fetched = await fetchUrls(t, [`http://127.0.0.1:${await listen(t, server)}/a`]);
  assert.equal(onlyFailed(fetched).code, 'connection-lost');
});

test('a body of 30 MB arrives whole through its temporary file', async (t) => {
  const body = randomBytes(30_000_000);
  const origin = await serve(t, (_, response) => response.end(body));
  const fetched = await fetchUrls(t, [`${origin}/big`], { limits: { maxBodyBytes: 0 } });
  assert.equal(onlyOk(fetched).bytes, body.length);
  assert.ok(readFileSync(join(fetched.root, 'big')).equals(body));
  assert.deepEqual(readdirSync(join(fetched.root, '.spillway')).sort(), [
    'journal.db',
    'lock.db',
    'report.json',
  ]);
});

test('names that servers choose stay inside the directory and are told apart', async (t) => {
  const names = ['../../x', 'CON', 'x'.repeat(400), 'ünï/cødé.txt', 'same', 'SAME', '..', '\u202egpj.exe'];
  const origin = await serve(t, (request, response) => {
    const name = names[Number(request.url?.slice(1))] ?? '';
    response.setHeader('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(name)}`);
    response.end(name);
  });
  const fetched = await fetchUrls(
    t,
    names.map((_, at) => `${origin}/${at}`),
  );
  assert.equal(fetched.report.ok, names.length);
  assert.equal(fetched.report.renamed, 1);
  const files = readdirSync(fetched.root).filter((name) => name !== '.spillway');
  assert.equal(files.length, names.length);
  const contents = new Set(files.map((name) => readFileSync(join(fetched.root, name), 'utf8')));
  assert.deepEqual(contents, new Set(names));
});
