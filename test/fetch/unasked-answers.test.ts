import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answer, openRawServer } from '../helpers/raw-server.ts';
import { type Changes, type Fetched, fetchUrls, onlyFailed, onlyOk } from './fetch-world.ts';

const TRANSPORTS = ['auto', 'undici'] as const;

/** Fetches one target from a server that gives `bytes` for every request. */
async function fetchRaw(
  t: TestContext,
  bytes: string,
  request: NonNullable<Changes['request']>,
  kept: Changes['bytes'] = null,
): Promise<Fetched> {
  await using server = await openRawServer((connection) => connection.write(bytes));
  return await fetchUrls(t, [`${server.origin}/a`], { cores: 1, bytes: kept, request });
}

function part(range: string, body = 'ok'): string {
  const fields = range === '' ? '' : `Content-Range: ${range}\r\n`;
  return `HTTP/1.1 206 Partial Content\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

for (const transport of TRANSPORTS) {
  for (const range of ['bytes 0-1/100', 'bytes 0-1/*', 'bytes 1-2/3', 'bytes 0-2/3', 'bytes */2', ''])
    test(`a 206 that nobody asked for, with Content-Range "${range}", is http-status (${transport})`, async (t) => {
      const { code, status, detail } = onlyFailed(await fetchRaw(t, part(range), { transport }));
      assert.deepEqual([code, status], ['http-status', 206]);
      const found = range === '' ? 'null' : `"${range}"`;
      assert.equal(
        detail,
        `expected the whole body because no Range was asked for, found 206 with Content-Range ${found}`,
      );
    });

  test(`a 206 that holds the whole is taken for it (${transport})`, async (t) => {
    const { bytes, status } = onlyOk(await fetchRaw(t, part('bytes 0-1/2'), { transport }));
    assert.deepEqual([bytes, status], [2, 206]);
  });

  test(`a 206 that was asked for is kept, and not where a redirect left the Range behind (${transport})`, async (t) => {
    const headers = [['range', 'bytes=0-1']] as const;
    const fetched = await fetchRaw(t, part('bytes 0-1/100'), { transport, headers });
    assert.equal(readFileSync(join(fetched.root, 'a'), 'utf8'), 'ok');
    await using other = await openRawServer((connection) => connection.write(part('bytes 0-1/100')));
    const away = `HTTP/1.1 302 Found\r\nLocation: ${other.origin}/a\r\nContent-Length: 0\r\n\r\n`;
    assert.equal(onlyFailed(await fetchRaw(t, away, { transport, headers })).code, 'http-status');
  });
}

const PACKED = gzipSync('plain text').toString('latin1');
const CHUNKED = `${PACKED.length.toString(16)}\r\n${PACKED}\r\n0\r\n\r\n`;

for (const transport of TRANSPORTS) {
  for (const coding of ['gzip, chunked', 'gzip', 'chunked, gzip', 'chunked,', 'chunked, chunked', 'xchunked'])
    test(`a body with the transfer coding "${coding}" is bad-encoding (${transport})`, async (t) => {
      const bytes = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\nConnection: close\r\n\r\n${CHUNKED}`;
      for (const kept of ['decoded', 'original'] as const) {
        const { code, detail, status } = onlyFailed(await fetchRaw(t, bytes, { transport }, kept));
        assert.deepEqual([code, status], ['bad-encoding', 200]);
        assert.equal(detail, `expected chunked and no other transfer coding, found "${coding}"`);
      }
    });

  for (const coding of ['chunked', 'Chunked', 'chunked '])
    test(`a body with the transfer coding "${coding}" is kept without it (${transport})`, async (t) => {
      const bytes = `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n${CHUNKED}`;
      assert.equal(onlyOk(await fetchRaw(t, bytes, { transport })).bytes, PACKED.length);
    });

  test(`a body with the transfer coding "identity" lasts until its connection ends (${transport})`, async (t) => {
    const bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nbody';
    await using server = await openRawServer(({ socket }) => socket.end(bytes));
    assert.equal(onlyOk(await fetchUrls(t, [`${server.origin}/a`], { request: { transport } })).bytes, 4);
  });
}

test('a 100 that nobody asked for is skipped by the wire transport', async (t) => {
  const bytes = `HTTP/1.1 100 Continue\r\n\r\n${answer('ok')}`;
  const fetched = await fetchRaw(t, bytes, { transport: 'auto' });
  const { bytes: count, status, attempts } = onlyOk(fetched);
  assert.deepEqual([count, status, attempts, fetched.report.attemptsSent], [2, 200, 1, 1]);
});

test('a 101 that nobody asked for is a failure', async (t) => {
  const bytes = `HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n${answer('ok')}`;
  for (const transport of TRANSPORTS) onlyFailed(await fetchRaw(t, bytes, { transport }));
});
