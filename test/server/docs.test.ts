import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../../src/server/cluster.ts';

test('the OpenAPI page loads everything from this server and forbids the browser all else', async () => {
  await using server = await startServer({ delayMs: 0 });
  const page = await fetch(`${server.origins[0]}/docs`);
  assert.equal(page.status, 200);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/);
  const html = await page.text();
  assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\//);
  const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
  assert.ok(links.length >= 5, `${links.length} links`);
  for (const link of links) {
    const asset = await fetch(new URL(link, page.url));
    assert.equal(asset.status, 200, link);
    const text = await asset.text();
    assert.ok(text.length > 50, link);
    if (link.endsWith('.css')) assert.doesNotMatch(text, /url\(\s*["']?(?:https?:)?\/\//, link);
    if (link.endsWith('initializer.js')) assert.match(text, /"validatorUrl":null/);
  }
});

test('the OpenAPI document describes every route', async () => {
  await using server = await startServer({ delayMs: 0, items: 77 });
  const document = (await (await fetch(`${server.origins[0]}/docs/json`)).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { summary: string; responses: Record<string, unknown> }>>;
  };
  assert.match(document.openapi, /^3\./);
  assert.deepEqual(
    Object.entries(document.paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .filter((route) => !route.startsWith('head '))
      .sort(),
    [
      'get /api/download/{id}',
      'get /api/list_files',
      'get /bytes/{size}/{n}',
      'get /metrics',
      'get /stats',
      'get /{n}',
      'post /api/list_files',
      'post /stats/reset',
    ],
  );
  for (const methods of Object.values(document.paths)) {
    for (const route of Object.values(methods)) {
      assert.ok(route.summary.length > 10);
      assert.ok(Object.keys(route.responses).length > 0);
    }
  }
  assert.match(JSON.stringify(document.paths['/{n}']), /"maximum":76/);
});

test('looking at the page is no trial', async () => {
  await using server = await startServer({ delayMs: 0 });
  await (await fetch(`${server.origins[0]}/docs`)).text();
  assert.equal((await server.stats()).trials.received, 0);
});
