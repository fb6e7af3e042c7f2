import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseForm, parsePage } from '../../src/server/page.ts';

test('a page defaults to the first three files, or fewer where a page holds fewer', () => {
  assert.deepEqual(parsePage({}, undefined, 5), { start: 0, perPage: 3 });
  assert.deepEqual(parsePage({}, null, 2), { start: 0, perPage: 2 });
});

test('query strings, forms and JSON say the same, and the body wins over the query string', () => {
  const page = { start: 10, perPage: 4 };
  assert.deepEqual(parsePage({ start: '10', per_page: '4' }, undefined, 5), page);
  assert.deepEqual(parsePage({}, parseForm('start=10&per_page=4'), 5), page);
  assert.deepEqual(parsePage({}, { start: 10, per_page: '4' }, 5), page);
  assert.deepEqual(parsePage({ start: '1', per_page: '4' }, { start: 10 }, 5), page);
});

test('a page is capped, not refused, when more is asked for', () => {
  assert.deepEqual(parsePage({ per_page: '1000' }, undefined, 5), { start: 0, perPage: 5 });
});

test('bad values are named with what was expected and found', () => {
  const bad: [unknown, RegExp][] = [
    [{ start: '-1' }, /^start: .*at least 0, found "-1"$/],
    [{ start: '1.5' }, /^start: /],
    [{ start: '' }, /^start: .*found ""$/],
    [{ start: 'x' }, /^start: /],
    [{ start: 1.5 }, /^start: .*found 1.5$/],
    [{ start: true }, /^start: /],
    [{ start: '1e3' }, /^start: /],
    [{ start: '9'.repeat(30) }, /^start: /],
    [{ per_page: '0' }, /^per_page: .*at least 1, found "0"$/],
    [{ per_page: [1, 2] }, /^per_page: .*found \[1,2\]$/],
    [parseForm('start=1&start=2'), /^start: .*found \["1","2"\]$/],
    [[1], /JSON object/],
    ['text', /JSON object/],
  ];
  for (const [body, message] of bad) {
    const page = parsePage({}, body, 5);
    assert.ok('problem' in page, JSON.stringify(body));
    assert.match(page.problem, message);
  }
});

test('a form field cannot reach the prototype', () => {
  assert.deepEqual(parsePage({}, parseForm('__proto__=1&constructor=2&start=1'), 5), {
    start: 1,
    perPage: 3,
  });
});
