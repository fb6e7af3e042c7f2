import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test, type TestContext } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { fetchUrls, listen, onlyFailed, serve } from './fetch-world.ts';

/** Serves `text` as robots.txt, or whatever else `status` makes of it, and counts what was asked. */
async function makeWorld(t: TestContext, text: string | Buffer, status = 200, headers = {}) {
  const seen: string[] = [];
  const arrivals: number[] = [];
  const origin = await serve(t, (request, response) => {
    const url = request.url ?? '';
    seen.push(url);
    if (url === '/robots.txt') {
      response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(text);
      return;
    }
    arrivals.push(performance.now());
    if (url.startsWith('/to')) response.writeHead(302, { location: url.slice(3) }).end();
    else response.end('done');
  });
  return { origin, seen, arrivals };
}

const robots = { honoursRobots: true, userAgent: 'spillway/1.0' };

test('what robots.txt disallows is skipped and never asked for; the file is fetched once for all workers', async (t) => {
  const { origin, seen } = await makeWorld(
    t,
    'User-agent: *\nDisallow: /private\nAllow: /private/open\nDisallow: /*.php$\n',
  );
  const paths = ['/a', '/private/x', '/private/open', '/b.php', '/b.php?x', '/c'];
  const urls = Array.from({ length: 10 }, (_, n) => paths.map((path) => `${origin}${path}#${n}`)).flat();
  const { report } = await fetchUrls(t, urls, { cores: 4, request: robots });
  assert.deepEqual([report.targets, report.ok, report.failed], [60, 40, 0]);
  assert.deepEqual(report.skips, { robots: 20 });
  assert.equal(seen.filter((url) => url === '/robots.txt').length, 1);
  assert.deepEqual(
    seen.filter((url) => url === '/b.php' || url === '/private/x'),
    [],
  );
  assert.equal(report.attemptsSent, seen.length);
});

test('the rules of this program’s own name go before those of all', async (t) => {
  const { origin } = await makeWorld(
    t,
    'User-agent: *\nDisallow: /\n\nUser-agent: spillway\nDisallow: /no\n',
  );
  const { report } = await fetchUrls(t, [`${origin}/yes`, `${origin}/no`], { request: robots });
  assert.deepEqual([report.ok, report.skips], [1, { robots: 1 }]);
});

test('without --robots nobody asks for it', async (t) => {
  const { origin, seen } = await makeWorld(t, 'User-agent: *\nDisallow: /\n');
  const { report } = await fetchUrls(t, [`${origin}/a`]);
  assert.deepEqual([report.ok, seen], [1, ['/a']]);
});

for (const status of [401, 403, 404, 410])
  test(`a robots.txt of status ${status} allows everything`, async (t) => {
    const { origin } = await makeWorld(t, 'User-agent: *\nDisallow: /\n', status);
    const { report } = await fetchUrls(t, [`${origin}/a`], { request: robots });
    assert.equal(report.ok, 1);
  });

for (const status of [206, 429, 500, 503])
  test(`a robots.txt of status ${status} allows nothing, and says so`, async (t) => {
    const { origin, seen } = await makeWorld(t, '', status);
    const fetched = await fetchUrls(t, [`${origin}/a`], { request: robots });
    const failure = onlyFailed(fetched);
    assert.equal(failure.code, 'robots-unavailable');
    assert.match(failure.detail, new RegExp(`robots\\.txt: status ${status}`, 'u'));
    assert.ok(!seen.includes('/a'));
  });

for (const [coding, pack] of [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
] as const)
  test(`rules in ${coding} are read, though nobody asked for a coding`, async (t) => {
    const text = pack('User-agent: *\nDisallow: /no\n');
    const { origin, seen } = await makeWorld(t, text, 200, { 'content-encoding': coding });
    const { report } = await fetchUrls(t, [`${origin}/yes`, `${origin}/no`], { request: robots });
    assert.deepEqual([report.ok, report.skips], [1, { robots: 1 }]);
    assert.ok(!seen.includes('/no'));
  });

test('of rules that unpack without an end the first 500 KiB count', async (t) => {
  const text = gzipSync(`User-agent: *\nDisallow: /no\n${'# nothing\n'.repeat(20_000_000)}`);
  const { origin } = await makeWorld(t, text, 200, { 'content-encoding': 'gzip' });
  const { report } = await fetchUrls(t, [`${origin}/yes`, `${origin}/no`], { request: robots });
  assert.deepEqual([report.ok, report.skips], [1, { robots: 1 }]);
});

for (const [what, coding, text] of [
  ['no known coding', 'compress', 'User-agent: *\nDisallow: /\n'],
  ['damaged', 'gzip', gzipSync('User-agent: *\nDisallow: /\n').subarray(0, 20)],
] as const)
  test(`rules that cannot be read (${what}) are not taken for rules that allow everything`, async (t) => {
    const { origin, seen } = await makeWorld(t, text, 200, { 'content-encoding': coding });
    const failure = onlyFailed(await fetchUrls(t, [`${origin}/a`], { request: robots }));
    assert.equal(failure.code, 'robots-unavailable');
    assert.ok(!seen.includes('/a'));
  });

test('a query with brackets is held to a rule with one, and rules in UTF-16 are rules', async (t) => {
  const text = Buffer.from('\ufeffUser-agent: spillway\r\nDisallow: /*?filter[\r\n', 'utf16le');
  const { origin, seen } = await makeWorld(t, text);
  const urls = [`${origin}/shop?filter[color]=red`, `${origin}/shop?filters=1`];
  const { report } = await fetchUrls(t, urls, {
    request: { ...robots, userAgent: 'spillway (contact me@h)' },
  });
  assert.deepEqual([report.ok, report.skips], [1, { robots: 1 }]);
  assert.deepEqual(seen.toSorted(), ['/robots.txt', '/shop?filters=1']);
});

test('an origin that cannot be reached is robots-unavailable, in bounded time', async (t) => {
  const server = createServer();
  const port = await listen(t, server);
  await new Promise((resolve) => server.close(resolve));
  const failure = onlyFailed(await fetchUrls(t, [`http://127.0.0.1:${port}/a`], { request: robots }));
  assert.equal(failure.code, 'robots-unavailable');
});

test('a redirect is held to the rules of where it leads', async (t) => {
  const { origin, seen } = await makeWorld(t, 'User-agent: *\nDisallow: /secret\n');
  const { report } = await fetchUrls(t, [`${origin}/to/secret`, `${origin}/to/open`], { request: robots });
  assert.deepEqual([report.ok, report.skips], [1, { robots: 1 }]);
  assert.ok(!seen.includes('/secret'));
});

test('the robots.txt behind up to five redirects counts; after six it is taken for none', async (t) => {
  let hops = 5;
  const origin = await serve(t, (request, response) => {
    const url = new URL(request.url ?? '', 'http://h');
    const hop = Number(url.searchParams.get('hop') ?? 0);
    if (url.pathname !== '/robots.txt') response.end('done');
    else if (hop < hops) response.writeHead(301, { location: `/robots.txt?hop=${hop + 1}` }).end();
    else response.end('User-agent: *\nDisallow: /\n');
  });
  const five = await fetchUrls(t, [`${origin}/a`], { request: robots });
  assert.deepEqual(five.report.skips, { robots: 1 });
  hops = 6;
  const six = await fetchUrls(t, [`${origin}/a`], { request: robots });
  assert.equal(six.report.ok, 1);
});

test('of an endless robots.txt the first 500 KiB count', async (t) => {
  const origin = await serve(t, (request, response) => {
    if (request.url !== '/robots.txt') {
      response.end('done');
      return;
    }
    response.write('User-agent: *\nDisallow: /early\n');
    const filler = Buffer.alloc(64 * 1024, '# nothing\n');
    const more = () => {
      while (!response.destroyed && response.write(filler)) {
        // Until the other side reads no more.
      }
      response.once('drain', more);
    };
    more();
  });
  const { report } = await fetchUrls(t, [`${origin}/early`, `${origin}/late`], { request: robots });
  assert.deepEqual([report.ok, report.skips], [1, { robots: 1 }]);
});

test('a crawl-delay spaces the requests of all workers', async (t) => {
  const { origin, arrivals } = await makeWorld(t, 'User-agent: *\nCrawl-delay: 0.2\n');
  const urls = Array.from({ length: 8 }, (_, n) => `${origin}/${n}`);
  const { report } = await fetchUrls(t, urls, { cores: 4, request: robots });
  assert.equal(report.ok, 8);
  const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] as number));
  // What leaves a busy machine late arrives close to the next; on the whole the distance is kept.
  assert.ok((arrivals.at(-1) as number) - (arrivals[0] as number) >= 1300, gaps.join(' '));
});
