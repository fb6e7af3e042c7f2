// Every function that takes text of others does work that grows as the text does, and no faster: what is counted is the
// CPU of this thread, which a busy machine does not change, and only the growth from one length to the next is judged.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHttpUrl } from '../../src/model/http-url.ts';
import { LIST_DEFAULTS } from '../../src/model/list-api-options.ts';
import { basicLogin, decodableLogin } from '../../src/model/login.ts';
import { oneLine, thrownText } from '../../src/model/one-line.ts';
import { parseRetryAfterMs } from '../../src/model/retry-policy.ts';
import { holdsLogin, maskedUrl, shownUrl, withoutLogins } from '../../src/model/shown-url.ts';
import { escapeHtml, visibleText } from '../../src/report/escape.ts';
import { printable } from '../../src/report/printable.ts';
import { parseSegmentName } from '../../src/sinks/packed/segment.ts';
import { readPage } from '../../src/sources/list-page.ts';
import { readUrl, shorten } from '../../src/sources/target-url.ts';
import { classify, describeError } from '../../src/transport/classify.ts';
import { judgeAnswer, redirectTarget } from '../../src/workers/fetch/attempt/answer-head.ts';
import { parseCodings } from '../../src/workers/fetch/attempt/content-decoder.ts';
import type { FetchJob } from '../../src/workers/fetch/attempt/fetch-job.ts';

const LENGTHS = [10_000, 100_000, 1_000_000];
/** Ten times the text may take so many times the work: caches and collections of garbage have their part of it. */
const MAX_GROWTH = 40;
/** Less than this says nothing. */
const LEAST_US = 4_000;

/** What each text is made of, again and again, between a beginning and an end. */
const TEXTS: readonly (readonly [start: string, piece: string, end: string])[] = [
  ['', 'a:b c@d:e ', ''],
  ['http://', 'a@', ''],
  ['', '//a:b@', '@'],
  ['@', '/', '@'],
  ['http://u:', '%zz', '@h/'],
  ['', '.', 'b"'],
  ['attachment; filename="a', '\\"', ''],
  ['', '<', '>'],
  ['', '<a>; rel="', ''],
  ['', ';', ''],
  ['', '\u001b[31m\u202e', ''],
  ['', '\n', 'x'],
  ['Mon, ', '01 ', 'GMT'],
  ['"', '[{', ''],
];

const from = new URL('http://h/');
const view = (value: string) => ({ get: () => value, entries: () => [] });
const rules = { limits: { maxRedirects: 5 }, asksForPart: () => false };
const page = (header: string, body: string) => () =>
  readPage(
    {
      ...LIST_DEFAULTS,
      url: 'http://h/',
      paging: { kind: 'link', pageSize: null },
      itemUrl: '{}',
      itemsPath: '',
    },
    { pageIndex: 0, itemCount: 0, cursor: null, url: null },
    { header: () => header, body },
  );

const FUNCTIONS: Readonly<Record<string, (text: string) => unknown>> = {
  parseHttpUrl,
  'parseHttpUrl from a base': (text) => parseHttpUrl(text, 'http://h/a/b'),
  basicLogin: (text) => basicLogin({ username: text, password: text }),
  decodableLogin,
  oneLine,
  thrownText: (text) => thrownText(new Error(text)),
  parseRetryAfterMs: (text) => parseRetryAfterMs(text, text, 0),
  holdsLogin,
  maskedUrl,
  shownUrl,
  withoutLogins,
  escapeHtml,
  visibleText,
  printable,
  parseSegmentName: (text) => parseSegmentName('/x/out.warc.gz', text),
  'a page with such a Link': (text) => page(text, '[]')(),
  'a page with such an item': (text) => page('', JSON.stringify([text]))(),
  readUrl: (text) => readUrl(text, 'http://h/'),
  shorten,
  classify: (text) => classify(new Error(text, { cause: { code: text } })),
  describeError: (text) => describeError(new Error(text)),
  redirectTarget: (text) => redirectTarget(text, from),
  'judgeAnswer, each status': (text) => {
    for (const status of [206, 302, 429])
      judgeAnswer({ hops: 0, url: from } as FetchJob, status, view(text), rules);
  },
  parseCodings,
};

/** Microseconds of this thread, the least of a few. */
function workUs(call: (text: string) => unknown, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 2 && least > LEAST_US; round++) {
    const before = process.threadCpuUsage();
    try {
      call(text);
    } catch {
      // A refusal is an answer as well.
    }
    const { user, system } = process.threadCpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}

for (const [name, call] of Object.entries(FUNCTIONS))
  test(`${name}: ten times the text takes no more than ten times the work`, () => {
    for (const [start, piece, end] of TEXTS) {
      let before = LEAST_US;
      for (const length of LENGTHS) {
        const found = workUs(call, start + piece.repeat(length / piece.length) + end);
        const text = JSON.stringify(start + piece + end);
        assert.ok(found <= MAX_GROWTH * before, `${text} of ${length}: ${found} us after ${before} us`);
        before = Math.max(LEAST_US, found);
      }
    }
  });
