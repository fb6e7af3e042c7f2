// Fields and logins of the caller reach origins that he named, and no other.

import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { LIST_DEFAULTS } from '../../src/model/list-api-options.ts';
import type { FetchSession } from '../../src/runner/fetch/fetch-session.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { type Changes, fetchUrls, onlyOk, serve } from './fetch-world.ts';

const basic = (login: string) => `Basic ${Buffer.from(login).toString('base64')}`;

/** Two origins that note the fields of what they are asked; `answer` gives a redirect, or a page of a list, or nothing. */
async function twoOrigins(
  t: TestContext,
  answer: (path: string, origins: { home: string; other: string }) => string | object | undefined,
) {
  const seen: Record<string, IncomingHttpHeaders> = {};
  const open = (name: string) =>
    serve(t, (request, response) => {
      const path = `${name}${request.url}`;
      seen[path] = request.headers;
      const found = answer(path, origins);
      if (typeof found === 'string') response.writeHead(302, { location: found }).end();
      else response.end(found === undefined ? 'body' : JSON.stringify(found));
    });
  const origins = { home: await open('home'), other: await open('other') };
  return { seen, ...origins };
}

const API_FIELDS: NonNullable<Changes['request']> = {
  headers: [
    ['authorization', 'Bearer secret'],
    ['accept-language', 'en'],
  ],
  listHeaders: [
    ['authorization', 'Bearer of the list'],
    ['x-page', 'secret'],
  ],
};

async function fetchList(t: TestContext, changes: Changes = {}) {
  const world = await twoOrigins(t, (path, { home, other }) => {
    if (path === 'home/list?start=0') return [`${home}/own`, `${other}/theirs`, `${home}/away`];
    if (path.startsWith('home/list')) return [];
    return path === 'home/away' ? `${other}/led` : undefined;
  });
  const sources = [{ kind: 'list-api', api: { ...LIST_DEFAULTS, url: `${world.home}/list` } }] as const;
  const { report, root } = await fetchUrls(
    t,
    [],
    Object.assign({ request: API_FIELDS }, changes, { sources }),
  );
  return { ...world, sources, report, root };
}

test('a header goes to items of the list’s own origin, never to others that it names', async (t) => {
  const { seen, report } = await fetchList(t);
  assert.equal(report.ok, 3);
  assert.equal(seen['home/own']?.authorization, 'Bearer secret');
  for (const path of ['other/theirs', 'other/led']) {
    assert.equal(seen[path]?.authorization, undefined, path);
    assert.equal(seen[path]?.['accept-language'], 'en');
  }
});

test('a header of the list goes to its pages alone, in place of the one for all', async (t) => {
  const { seen } = await fetchList(t);
  assert.equal(seen['home/list?start=0']?.authorization, 'Bearer of the list');
  assert.equal(seen['home/list?start=0']?.['x-page'], 'secret');
  assert.deepEqual(
    Object.keys(seen).filter((path) => seen[path]?.['x-page'] !== undefined && !path.startsWith('home/list')),
    [],
  );
});

test('a default login of netrc is not for what a list API names elsewhere; a login by host is', async (t) => {
  const netrcFile = join(scratchDirectory(t), 'netrc');
  writeFileSync(netrcFile, 'default login all password p\n');
  const { seen } = await fetchList(t, { netrcFile, request: {} });
  assert.equal(seen['home/own']?.authorization, basic('all:p'));
  assert.equal(seen['home/list?start=0']?.authorization, basic('all:p'));
  assert.equal(seen['other/theirs']?.authorization, undefined);
  writeFileSync(netrcFile, 'machine 127.0.0.1 login me password p\n');
  const named = await fetchList(t, { netrcFile, request: {} });
  assert.equal(named.seen['other/theirs']?.authorization, basic('me:p'));
});

test('a retry, which has no list, keeps fields from origins that were not named', async (t) => {
  let isDown = true;
  const seen: (string | undefined)[] = [];
  const storage = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(isDown ? 500 : 200).end();
  });
  const home = await serve(
    t,
    (request, response) =>
      void response.end(JSON.stringify(request.url === '/list?start=0' ? [`${storage}/x`] : [])),
  );
  const sources = [{ kind: 'list-api', api: { ...LIST_DEFAULTS, url: `${home}/list` } }] as const;
  const changes = Object.assign({ request: API_FIELDS }, { sources });
  const first = await fetchUrls(t, [], changes);
  assert.equal(first.report.failed, 1);
  isDown = false;
  const again = await fetchUrls(t, [], { ...changes, to: first.root, session: RETRY });
  assert.deepEqual([again.report.ok, seen], [1, [undefined, undefined]]);
});

const RETRY: FetchSession = {
  kind: 'retry',
  only: null,
  command: null,
  version: 'test',
  startsNew: false,
  directory: null,
};

test('a login in the URL is kept over an absolute redirect to the same host, and when a chain comes home', async (t) => {
  const { seen, home } = await twoOrigins(t, (path, origins) => {
    if (path === 'home/a') return `${origins.home}/b`;
    if (path === 'home/b') return `${origins.other}/c`;
    return path === 'other/c' ? `${origins.home}/d` : undefined;
  });
  const outcome = onlyOk(await fetchUrls(t, [`${home.replace('://', '://me:secret@')}/a`]));
  for (const path of ['home/a', 'home/b', 'home/d'])
    assert.equal(seen[path]?.authorization, basic('me:secret'), path);
  assert.equal(seen['other/c']?.authorization, undefined);
  assert.doesNotMatch(JSON.stringify(outcome), /secret/u);
});
