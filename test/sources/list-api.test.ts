import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { openListApi } from '../../src/sources/list-api.ts';
import {
  LIST_DEFAULTS,
  LIST_PRESETS,
  type ListApiOptions,
  type RequestPage,
} from '../../src/model/list-api-options.ts';
import { collect, collectUrls } from './collect.ts';

interface Ask {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

type Answer = { readonly headers?: Record<string, string>; readonly json: unknown };

/** A list API on a port of its own; `asks` is what it saw. */
async function serveList(t: TestContext, answer: (ask: Ask) => Answer | Promise<Answer>) {
  const asks: Ask[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks = (await request.toArray()) as Buffer[];
    const url = new URL(request.url ?? '', base);
    const ask = { method: request.method ?? '', url, body: Buffer.concat(chunks).toString() };
    asks.push(ask);
    const { headers = {}, json } = await answer(ask);
    response.writeHead(200, headers).end(JSON.stringify(json));
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, asks };
}

const requestPage: RequestPage = async ({ method, url, contentType, body }, signal) => {
  const headers = contentType === null ? {} : { 'content-type': contentType };
  const init = { method, headers, body, signal };
  const response = await fetch(url, init);
  return { header: (name) => response.headers.get(name) ?? undefined, body: await response.text() };
};

function open(url: string, changes: Partial<ListApiOptions>) {
  return openListApi({ ...LIST_DEFAULTS, url, ...changes }, requestPage);
}

const numbers = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
const expectedUrls = (base: string, count: number) => numbers(0, count).map((n) => `${base}/file/${n}`);

test('the preset walks a form API with offsets until the header says false, each file once', async (t) => {
  const { base, asks } = await serveList(t, ({ body }) => {
    const form = new URLSearchParams(body);
    const start = Number(form.get('start'));
    const end = Math.min(25, start + Number(form.get('per_page')));
    return {
      // As `str` of Python writes it, in this case.
      headers: { More: end < 25 ? 'True' : 'False' },
      json: { urls: numbers(start, end).map((n) => `id${n}`) },
    };
  });
  assert.deepEqual(
    await collectUrls(open(`${base}/api/list_files`, LIST_PRESETS.mock)),
    numbers(0, 25).map((n) => `${base}/api/download/id${n}`),
  );
  assert.equal(asks.length, 5);
  assert.ok(asks.every(({ method, body }) => method === 'POST' && body.endsWith('per_page=5')));
});

test('page numbers in the query, items by a path, their URLs by a template, the end by a field', async (t) => {
  const { base, asks } = await serveList(t, ({ url }) => {
    const page = Number(url.searchParams.get('p'));
    const items = numbers((page - 1) * 4, Math.min(10, page * 4)).map((id) => ({ file: { id } }));
    return { json: { data: { items }, hasMore: page < 3 } };
  });
  const source = open(`${base}/list?token=x`, {
    paging: { kind: 'page', name: 'p', first: 1, pageSize: null },
    parameters: { kind: 'all' },
    end: { kind: 'field', path: 'hasMore' },
    itemsPath: 'data.items',
    itemUrl: '/file/{file.id}',
  });
  assert.deepEqual(await collectUrls(source), expectedUrls(base, 10));
  assert.deepEqual(
    asks.map(({ url }) => url.search),
    ['?token=x&kind=all&p=1', '?token=x&kind=all&p=2', '?token=x&kind=all&p=3'],
  );
});

test('a cursor in JSON parameters is followed to its end, over an empty page', async (t) => {
  const pages: Record<string, unknown> = {
    '': { items: ['/file/0', '/file/1'], next: 'b' },
    b: { items: [], next: 'c' },
    c: { items: ['/file/2'], next: null },
  };
  const { base } = await serveList(t, ({ body }) => ({
    json: pages[(JSON.parse(body) as { cursor?: string }).cursor ?? ''],
  }));
  const source = open(`${base}/list`, {
    method: 'POST',
    parametersIn: 'json',
    paging: { kind: 'cursor', name: 'cursor', path: 'next', pageSize: null },
    itemsPath: 'items',
  });
  assert.deepEqual(await collectUrls(source), expectedUrls(base, 3));
});

test('Link: rel=next is followed inside the origin, and refused outside', async (t) => {
  const { base } = await serveList(t, ({ url }) => {
    const page = Number(url.searchParams.get('page') ?? 1);
    const next = url.pathname === '/away' ? 'http://127.0.0.2/x' : `/list?page=${page + 1}`;
    return {
      headers: page < 3 ? { link: `</first>; rel="first", <${next}>; rel="next"` } : {},
      json: [`/file/${page - 1}`],
    };
  });
  const paging = { kind: 'link', pageSize: null } as const;
  assert.deepEqual(await collectUrls(open(`${base}/list`, { paging })), expectedUrls(base, 3));
  await assert.rejects(collect(open(`${base}/away`, { paging })), {
    code: 'ERR_SOURCE',
    message: /same origin/u,
  });
});

test('an empty page ends a list that says nothing about its end', async (t) => {
  const { base, asks } = await serveList(t, ({ url }) => {
    const start = Number(url.searchParams.get('start'));
    return { json: numbers(start, Math.min(start + 3, 7)).map((n) => `/file/${n}`) };
  });
  assert.deepEqual(await collectUrls(open(`${base}/list`, {})), expectedUrls(base, 7));
  assert.equal(asks.length, 4);
});

test('pages known in advance are asked for together, and come in order', async (t) => {
  let openNow = 0;
  let openPeak = 0;
  const waiting: (() => void)[] = [];
  const { base } = await serveList(t, async ({ url }) => {
    const start = Number(url.searchParams.get('start'));
    openPeak = Math.max(openPeak, ++openNow);
    if (start > 0) {
      // The first four pages ahead are held until all of them are here.
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length >= 4 || start >= 20) for (const go of waiting.splice(0).toReversed()) go();
      });
    }
    openNow--;
    return { json: { total: 25, items: numbers(start, Math.min(25, start + 5)).map((n) => `/file/${n}`) } };
  });
  const source = open(`${base}/list`, {
    itemsPath: 'items',
    total: { kind: 'field', path: 'total' },
    prefetchCount: 4,
  });
  assert.deepEqual(await collectUrls(source), expectedUrls(base, 25));
  assert.equal(openPeak, 4);
  assert.deepEqual(source.findings(), []);
});

test('a page shorter than expected moves what follows, and no item is missed', async (t) => {
  const { base } = await serveList(t, ({ url }) => {
    const start = Number(url.searchParams.get('start'));
    const size = start === 5 ? 2 : 5;
    return {
      json: { total: 20, items: numbers(start, Math.min(20, start + size)).map((n) => `/file/${n}`) },
    };
  });
  const source = open(`${base}/list`, { itemsPath: 'items', total: { kind: 'field', path: 'total' } });
  assert.deepEqual(await collectUrls(source), expectedUrls(base, 20));
});

test('an item on two pages is one target and one drift, and the account says so', async (t) => {
  const pages = [['/file/0', '/file/1'], ['/file/1', '/file/2'], []];
  const { base } = await serveList(t, ({ url }) => ({
    json: pages[Number(url.searchParams.get('start')) / 2],
  }));
  const source = open(`${base}/list`, {});
  const items = await collect(source);
  assert.deepEqual(
    items.map(({ kind }) => kind),
    ['target', 'target', 'drift', 'target'],
  );
  assert.match(source.findings().join(), /1 items appeared more than once/u);
});

test('a list that never ends is a clear failure, by its pages or because nothing in it is new', async (t) => {
  const { base } = await serveList(t, ({ url }) => {
    const start = Number(url.searchParams.get('start'));
    return { json: url.pathname === '/same' ? ['/file/0'] : [`/file/${start}`] };
  });
  await assert.rejects(collect(open(`${base}/grows`, { maxPages: 20 })), {
    code: 'ERR_SOURCE',
    message: /after 20 pages/u,
  });
  await assert.rejects(collect(open(`${base}/same`, {})), {
    code: 'ERR_SOURCE',
    message: /10 pages in a row/u,
  });
});

test('an item without a URL is a named failure; a page that is not as described ends the walk with its number', async (t) => {
  const { base } = await serveList(t, ({ url }) =>
    url.pathname === '/odd'
      ? { json: { items: 5 } }
      : { json: url.searchParams.get('start') === '0' ? [{ id: 1 }] : [] },
  );
  const [item] = await collect(open(`${base}/list`, { itemUrl: '/file/{name}' }));
  assert.deepEqual(item, {
    kind: 'bad',
    text: '{"id":1}',
    line: 1,
    reason: 'expected a text or number at "name" in the item',
  });
  await assert.rejects(collect(open(`${base}/odd`, { itemsPath: 'items' })), {
    code: 'ERR_SOURCE',
    message: /expected an array at "items" in page 1, found number/u,
  });
  await assert.rejects(collect(open(`${base}/list`, { end: { kind: 'header', name: 'more' } })), {
    code: 'ERR_SOURCE',
    message: /expected the header "more"/u,
  });
});

for (const [what, changes, problem] of [
  [
    'a cursor',
    { paging: { kind: 'cursor', name: 'after', path: 'paging.nxet', pageSize: null } },
    /expected a cursor at "paging\.nxet" in page 1, found nothing: check --list-paging$/u,
  ],
  [
    'an end',
    {
      end: { kind: 'field', path: 'hasmore' },
      paging: { kind: 'page', name: 'page', first: 1, pageSize: null },
    },
    /expected something at "hasmore" in page 1, found nothing: check --list-end$/u,
  ],
] as const)
  test(`${what} at a path that is not there is a broken list, and not one of a single page`, async (t) => {
    const { base, asks } = await serveList(t, () => ({
      json: { items: ['/1', '/2'], total: 200, paging: { next: 'x' }, hasMore: true },
    }));
    const api = { itemsPath: 'items', ...changes } as const;
    await assert.rejects(collect(open(base, api)), { code: 'ERR_SOURCE', message: problem });
    assert.equal(asks.length, 1);
    // A list that says it has no more than these is whole.
    const whole = await serveList(t, () => ({ json: { items: ['/1', '/2'], total: 2 } }));
    const told = { ...api, total: { kind: 'field', path: 'total' } } as const;
    assert.equal((await collect(open(whole.base, told))).length, 2);
  });
