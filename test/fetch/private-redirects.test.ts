import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { DEFAULT_NAME_OPTIONS } from '../../src/model/name-options.ts';
import { fetchUrls, onlyFailed, onlyOk } from './fetch-world.ts';

/**
 * Two servers on one port of two loopback addresses: what listens on 127.0.0.2 is declared public, what listens on
 * 127.0.0.1 keeps a secret. Names lead to either without a resolver.
 */
async function makeWorld(t: TestContext, location: (port: number) => string) {
  const seen: string[] = [];
  const inside = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.end('a secret');
  });
  inside.listen(0, '127.0.0.1');
  await once(inside, 'listening');
  const { port } = inside.address() as AddressInfo;
  const outside = createServer((request, response) => {
    if (request.url === '/plain') response.end('outside');
    else response.writeHead(302, { location: location(port) }).end();
  });
  outside.listen(port, '127.0.0.2');
  await once(outside, 'listening');
  t.after(() => [inside, outside].forEach((server: Server) => server.close().closeAllConnections()));
  const request = {
    publicRanges: ['127.0.0.2/32'],
    names: {
      ...DEFAULT_NAME_OPTIONS,
      pins: {
        'outside.test': ['127.0.0.2'],
        'inside.test': ['127.0.0.1'],
        'both.test': ['127.0.0.1', '127.0.0.2'],
      },
    },
  };
  return { port, seen, request };
}

for (const transport of ['auto', 'undici'] as const)
  for (const [what, host] of [
    ['a private address', '127.0.0.1'],
    ['its decimal spelling', '2130706433'],
    ['an IPv4-mapped IPv6 address', '[::ffff:127.0.0.1]'],
    ['the unspecified address', '0.0.0.0'],
    ['localhost', 'localhost'],
    ['a name that resolves to one', 'inside.test'],
  ] as const)
    test(`a public origin may not redirect to ${what} (${transport})`, async (t) => {
      const { port, seen, request } = await makeWorld(t, (port) => `http://${host}:${port}/secret`);
      const fetched = await fetchUrls(t, [`http://outside.test:${port}/`], {
        request: { ...request, transport },
      });
      const failure = onlyFailed(fetched);
      assert.equal(failure.code, 'bad-redirect');
      assert.match(failure.detail, /expected a public address.*--allow-private-redirects/u);
      assert.deepEqual(seen, []);
    });

test('a kept connection to a private address does not serve a redirect from a public origin', async (t) => {
  const { port, seen, request } = await makeWorld(t, (port) => `http://inside.test:${port}/secret`);
  const urls = [`http://inside.test:${port}/mine`, `http://outside.test:${port}/`];
  const { outcomes } = await fetchUrls(t, urls, { request, cores: 1, maxInFlight: 1 });
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['ok', 'failed'],
  );
  assert.deepEqual(seen, ['/mine']);
});

test('of a name with addresses of both kinds only the public one is connected to', async (t) => {
  const { port, seen, request } = await makeWorld(t, (port) => `http://both.test:${port}/plain`);
  const ok = onlyOk(await fetchUrls(t, [`http://outside.test:${port}/`], { request }));
  assert.equal(ok.finalUrl, `http://both.test:${port}/plain`);
  assert.deepEqual(seen, []);
});

test('with --allow-private-redirects it may', async (t) => {
  const { port, seen, request } = await makeWorld(t, (port) => `http://127.0.0.1:${port}/secret`);
  onlyOk(
    await fetchUrls(t, [`http://outside.test:${port}/`], {
      request: { ...request, allowsPrivateRedirects: true },
    }),
  );
  assert.deepEqual(seen, ['/secret']);
});

test('a private origin may redirect within private addresses', async (t) => {
  const { port, seen, request } = await makeWorld(t, (port) => `http://127.0.0.1:${port}/secret`);
  onlyOk(await fetchUrls(t, [`http://outside.test:${port}/`], { request: { ...request, publicRanges: [] } }));
  assert.deepEqual(seen, ['/secret']);
});

for (const location of ['file:///etc/passwd', 'ftp://outside.test/', 'javascript:alert(1)', 'http://'])
  test(`a redirect to ${location} goes nowhere`, async (t) => {
    const { port, request } = await makeWorld(t, () => location);
    const failure = onlyFailed(await fetchUrls(t, [`http://outside.test:${port}/`], { request }));
    assert.equal(failure.code, 'bad-redirect');
  });

for (const transport of ['auto', 'undici'] as const)
  for (const host of ['127.0.0.1', 'inside.test'])
    test(`robots.txt of ${host} is not asked for either, where a public origin redirects there (${transport})`, async (t) => {
      const { port, seen, request } = await makeWorld(t, (port) => `http://${host}:${port}/secret`);
      const fetched = await fetchUrls(t, [`http://outside.test:${port}/`], {
        request: { ...request, transport, honoursRobots: true },
        limits: { maxRedirects: 5 },
      });
      assert.match(onlyFailed(fetched).code, /^(?:bad-redirect|robots-unavailable)$/u);
      assert.deepEqual(seen, []);
    });
