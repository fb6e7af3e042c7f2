import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { JournalReader } from '../../src/runner/fetch/record/journal-reader.ts';
import { fetchUrls, serve } from './fetch-world.ts';

const FACTS = {
  etag: 'W/"a, b"',
  lastModified: 'Thu, 01 Jan 2026 00:00:00 GMT',
  contentType: 'text/html; charset=utf-8',
};

for (const transport of ['auto', 'undici'] as const)
  test(`what an answer says of its body is in its outcome and in the journal (${transport})`, async (t) => {
    const origin = await serve(t, (request, response) => {
      const { url = '' } = request;
      if (url === '/moved') response.writeHead(302, { location: '/twice' }).end();
      else if (url === '/twice') response.writeHead(302, { location: '/full' }).end();
      else if (url === '/lost') response.writeHead(302, { location: '/none' }).end();
      else if (url === '/none') response.writeHead(404).end();
      else if (url === '/long') response.writeHead(200, { etag: `"${'x'.repeat(1100)}"` }).end('long');
      else if (url === '/bare') response.end('bare');
      else {
        response
          .writeHead(200, {
            etag: FACTS.etag,
            'last-modified': FACTS.lastModified,
            'content-type': FACTS.contentType,
          })
          .end('full');
      }
    });
    const urls = ['/full', '/moved', '/bare', '/long', '/lost'].map((path) => origin + path);
    const { outcomes, root } = await fetchUrls(t, urls, { request: { transport } });
    const none = { etag: undefined, lastModified: undefined, contentType: undefined };
    const shown = (outcome: object) => {
      const { etag, lastModified, contentType, redirects, finalUrl } = outcome as Record<string, unknown>;
      return { etag, lastModified, contentType, redirects, finalUrl };
    };
    assert.deepEqual(outcomes.map(shown), [
      { ...FACTS, redirects: undefined, finalUrl: undefined },
      { ...FACTS, redirects: 2, finalUrl: `${origin}/full` },
      { ...none, redirects: undefined, finalUrl: undefined },
      { ...none, redirects: undefined, finalUrl: undefined },
      { ...none, redirects: 1, finalUrl: `${origin}/none` },
    ]);
    using reader = new JournalReader(join(root, '.spillway'));
    assert.deepEqual([...reader.outcomes()].map(shown), outcomes.map(shown));
  });
