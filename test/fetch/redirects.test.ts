import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scratchDirectory } from '../helpers/scratch.ts';
import { fetchUrls, onlyFailed, onlyOk, serve } from './fetch-world.ts';

const SECRETS: [string, string][] = [
  ['authorization', 'Bearer secret'],
  ['cookie', 'session=secret'],
  ['x-api-key', 'secret'],
  ['accept-language', 'en'],
];

for (const status of [301, 302, 303, 307, 308])
  test(`a ${status} is followed, and the outcome names both URLs`, async (t) => {
    const origin = await serve(t, (request, response) => {
      if (request.url === '/a') response.writeHead(status, { location: '/dir/b.txt' }).end('moved');
      else response.end(request.url);
    });
    const outcome = onlyOk(await fetchUrls(t, [`${origin}/a`]));
    assert.equal(outcome.url, `${origin}/a`);
    assert.equal(outcome.finalUrl, `${origin}/dir/b.txt`);
    assert.equal(outcome.stored.path, 'b.txt');
    assert.equal(outcome.attempts, 1);
  });

test("the caller's headers stay behind at another origin, and are sent again where a redirect leads home", async (t) => {
  const seen: Record<string, IncomingHttpHeaders> = {};
  const origin = await serve(t, (request, response) => {
    seen[`home ${request.url}`] = request.headers;
    if (request.url === '/back') response.end();
    else if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
    else response.writeHead(302, { location: `${other}/c` }).end();
  });
  const other = await serve(t, (request, response) => {
    seen[`away ${request.url}`] = request.headers;
    response.writeHead(302, { location: `${origin}/back` }).end();
  });
  onlyOk(await fetchUrls(t, [`${origin}/a`], { request: { headers: SECRETS } }));
  assert.equal(seen['home /b']?.authorization, 'Bearer secret');
  assert.equal(seen['home /b']?.['x-api-key'], 'secret');
  assert.doesNotMatch(JSON.stringify(seen['away /c']), /secret/u);
  assert.equal(seen['away /c']?.['accept-language'], 'en');
  assert.equal(seen['away /c']?.['user-agent'], 'spillway/test');
  assert.equal(seen['home /back']?.authorization, 'Bearer secret');
  assert.equal(seen['home /back']?.cookie, 'session=secret');
});

test("a URL's login becomes a header, and stands in no outcome", async (t) => {
  const seen: (string | undefined)[] = [];
  const origin = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  const url = origin.replace('http://', 'http://me:p%40ss@');
  const outcome = onlyOk(await fetchUrls(t, [`${url}/a`]));
  assert.deepEqual(seen, [`Basic ${Buffer.from('me:p@ss').toString('base64')}`]);
  assert.equal(outcome.url, `${origin}/a`);
});

test('a netrc login goes to its host alone, not across a redirect', async (t) => {
  const seen: (string | undefined)[] = [];
  const origin = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${other}/b` }).end();
  });
  const other = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  const netrcFile = join(scratchDirectory(t), 'netrc');
  writeFileSync(
    netrcFile,
    '# mine\nmachine 127.0.0.2 login no password no\nmachine 127.0.0.1 login me password "a b"\n',
  );
  onlyOk(await fetchUrls(t, [`${origin}/a`], { netrcFile }));
  assert.deepEqual(seen, [`Basic ${Buffer.from('me:a b').toString('base64')}`, undefined]);
});

test('a loop of redirects ends at its cap', async (t) => {
  let count = 0;
  const origin = await serve(t, (_, response) => {
    count++;
    response.writeHead(302, { location: `/${count}` }).end();
  });
  const failure = onlyFailed(
    await fetchUrls(t, [`${origin}/a`], { limits: { maxRedirects: 5, maxRetries: 3 } }),
  );
  assert.equal(failure.code, 'too-many-redirects');
  assert.equal(count, 6);
});

for (const location of ['ftp://127.0.0.1/x', 'file:///etc/passwd', 'http://', undefined])
  test(`a redirect to ${location} is refused`, async (t) => {
    const origin = await serve(t, (_, response) => {
      response.writeHead(302, location === undefined ? {} : { location }).end();
    });
    assert.equal(onlyFailed(await fetchUrls(t, [`${origin}/a`])).code, 'bad-redirect');
  });

test('a redirect whose body never ends is followed all the same', async (t) => {
  const origin = await serve(t, (request, response) => {
    if (request.url === '/b') {
      response.end('here');
      return;
    }
    response.writeHead(302, { location: '/b' });
    const timer = setInterval(() => response.write(Buffer.alloc(10_000)), 1);
    response.on('close', () => clearInterval(timer));
  });
  assert.equal(onlyOk(await fetchUrls(t, [`${origin}/a`])).finalUrl, `${origin}/b`);
});
