import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fetchUrls, serve } from './fetch-world.ts';

test('the account says which statuses failed, and how many of each', async (t) => {
  const origin = await serve(t, (request, response) => {
    response.writeHead(Number(request.url?.slice(1, 4))).end();
  });
  const urls = [404, 404, 503, 200].map((status, n) => `${origin}/${status}?${n}`);
  const { report } = await fetchUrls(t, urls);
  assert.deepEqual([report.failures, report.statuses], [{ 'http-status': 3 }, { 404: 2, 503: 1 }]);
});
