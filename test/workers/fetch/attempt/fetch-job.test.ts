import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FetchJob } from '../../../../src/workers/fetch/attempt/fetch-job.ts';
import { makeFetchShared } from '../../../../src/model/fetch-task.ts';
import { OriginRows } from '../../../../src/workers/fetch/origin/origin-rows.ts';

const originRows = new OriginRows(makeFetchShared(100, 0));

function checkJob(text: string): void {
  const url = new URL(text);
  const job = new FetchJob({ index: 0, line: 1, url: text }, originRows);
  const before = job.path;
  assert.equal(job.resource, url.origin + url.pathname, text);
  assert.equal(before, url.pathname + url.search, text);
  assert.equal(job.url.href, url.href);
  // The same once the URL is parsed.
  assert.equal(job.path, before);
  assert.equal(job.resource, url.origin + url.pathname, text);
  assert.equal(job.origin, url.origin);
  const bare = new URL(text);
  const holdsLogin = bare.username !== '' || bare.password !== '';
  bare.username = '';
  bare.password = '';
  assert.equal(job.shownUrl, bare.href);
  assert.ok(job.mayHoldLogin || !holdsLogin, text);
  job.leave();
}

test('path, origin and shown URL are those of the parsed URL, however it was written', () => {
  const tails = [
    '',
    '/',
    '/a',
    '/a?',
    '/a??',
    '/a?b=c',
    '/a?b?',
    '/a#',
    '/a#f',
    '/a?#',
    '/?x',
    '/a b',
    '/%zz',
    '/ä?ö',
    '//x',
    '/a@b',
    '/../c',
  ];
  for (const start of [
    'http://h',
    'HTTP://H:80',
    'https://u:p@h:8443',
    'http://u@h',
    'http://[::1]:1',
    'http://1.2',
    'https://xn--bcher-kva.example',
  ])
    for (const tail of tails) checkJob(start + tail);
  fc.assert(
    fc.property(
      fc.webUrl({
        withQueryParameters: true,
        withFragments: true,
        authoritySettings: { withUserInfo: true, withPort: true },
      }),
      (text) => {
        if (URL.canParse(text)) checkJob(text);
      },
    ),
    { seed: 7 },
  );
});
