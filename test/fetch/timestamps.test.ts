import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startFetch } from '../../src/runner/fetch/fetch.ts';
import { fetchUrls, makeOptions, serve } from './fetch-world.ts';
import { serveRanges } from './ranged-body.ts';

const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT';

test('a file has the time that Last-Modified says, whatever its length; what is no date leaves it as it is', async (t) => {
  const startedMs = Date.now();
  const origin = await serve(t, (request, response) => {
    const fields: Record<string, string> = {
      '/bad': 'yesterday',
      '/odd': '2026',
      '/small': DATE,
      '/large': DATE,
      '/chunked': DATE,
    };
    const lastModified = fields[request.url ?? ''];
    if (lastModified !== undefined) response.setHeader('last-modified', lastModified);
    if (request.url === '/chunked') response.write('a piece');
    response.end(request.url === '/large' ? Buffer.alloc(300_000) : 'text');
  });
  const names = ['small', 'large', 'chunked', 'bad', 'odd', 'none'];
  const { root } = await fetchUrls(
    t,
    names.map((name) => `${origin}/${name}`),
    { setsTimes: true },
  );
  for (const name of names.slice(0, 3))
    assert.equal(statSync(join(root, name)).mtimeMs, Date.parse(DATE), name);
  for (const name of names.slice(3)) assert.ok(statSync(join(root, name)).mtimeMs >= startedMs - 1000, name);
  const without = await fetchUrls(t, [`${origin}/small`]);
  assert.ok(statSync(join(without.root, 'small')).mtimeMs >= startedMs - 1000, 'nobody asked for it');
});

test('so has a file whose body was gone on with', async (t) => {
  const fields = { 'last-modified': DATE };
  const server = await serveRanges(t, { body: randomBytes(3_000_000), fields, cutAfterBytes: 1_000_000 });
  const { root } = await fetchUrls(t, [`${server.origin}/big.bin`], {
    setsTimes: true,
    limits: { maxRetries: 1 },
  });
  assert.equal(statSync(join(root, 'big.bin')).mtimeMs, Date.parse(DATE));
});

test('times are refused for a place that holds no files', () => {
  assert.throws(() => startFetch(makeOptions(['http://h/'], { to: 'out.tar', setsTimes: true })), {
    code: 'ERR_OPTION',
    message: /--timestamps: expected a directory in --to, found "out\.tar"/u,
  });
});
