import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isTemplate, openTemplate } from '../../src/sources/template.ts';
import { collectUrls } from './collect.ts';

const CASES: readonly (readonly [template: string, paths: readonly string[]])[] = [
  ['http://h/{0..3}', ['0', '1', '2', '3']],
  ['http://h/{3..1}', ['3', '2', '1']],
  ['http://h/{08..10}', ['08', '09', '10']],
  ['http://h/{000..2}', ['000', '001', '002']],
  ['http://h/{0..10..5}', ['0', '5', '10']],
  ['http://h/{10..0..4}', ['10', '6', '2']],
  ['http://h/{a..c}{1..2}', ['a1', 'a2', 'b1', 'b2', 'c1', 'c2']],
  ['http://h/{-1..1}', ['-1', '0', '1']],
];

for (const [template, paths] of CASES)
  test(`${template} is ${paths.join(' ')}`, async () => {
    const source = openTemplate(template);
    assert.equal(source.countAhead, paths.length);
    assert.deepEqual(
      await collectUrls(source),
      paths.map((path) => `http://h/${path}`),
    );
  });

test('a range may stand in the host and in the query', async () => {
  assert.deepEqual(await collectUrls(openTemplate('http://127.0.0.{1..2}:80{80..81}/?q={7..7}')), [
    'http://127.0.0.1:8080/?q=7',
    'http://127.0.0.1:8081/?q=7',
    'http://127.0.0.2:8080/?q=7',
    'http://127.0.0.2:8081/?q=7',
  ]);
});

test('any range yields as many targets as it announces, in even steps, ends included when they are met', async () => {
  const range = fc.record({
    from: fc.integer({ min: -2000, max: 2000 }),
    to: fc.integer({ min: -2000, max: 2000 }),
    step: fc.integer({ min: 1, max: 50 }),
  });
  await fc.assert(
    fc.asyncProperty(range, async ({ from, to, step }) => {
      const source = openTemplate(`http://h/{${from}..${to}..${step}}`);
      const numbers = (await collectUrls(source)).map((url) => Number(url.slice('http://h/'.length)));
      assert.equal(numbers.length, source.countAhead);
      assert.equal(numbers[0], from);
      for (const [at, number] of numbers.entries())
        assert.equal(number, from + at * step * Math.sign(to - from || 1));
      assert.ok(Math.abs(to - (numbers.at(-1) ?? Number.NaN)) < step);
    }),
    { numRuns: 50 },
  );
});

test('a template of ten million targets holds none of them', async () => {
  const source = openTemplate('http://h/{0..9999999}');
  assert.equal(source.countAhead, 10_000_000);
  let count = 0;
  const cut = new AbortController();
  for await (const group of source.items(cut.signal)) {
    count += group.length;
    assert.ok(group.length <= 1024);
    if (count > 5000) cut.abort();
  }
  assert.ok(count < 7000, `${count} targets after the cut`);
});

for (const bad of [
  'http://h/{5..}',
  'http://h/{1..a}',
  'http://h/{1..9..0}',
  'ftp://h/{0..1}',
  '/{0..3}',
  'http://h/{0..99999999999999999999}',
])
  test(`${bad} is refused with what was expected`, () =>
    assert.throws(() => openTemplate(bad), { code: 'ERR_OPTION', message: /expected a URL with ranges/u }));

test('a single URL that is none is refused in one sentence, without its login', () => {
  const message = 'source: expected an absolute http or https URL, found "http://h:99999/x"';
  assert.throws(() => openTemplate('http://u:secret@h:99999/x'), { code: 'ERR_OPTION', message });
});

test('a URL without a range is no template', () => {
  assert.equal(isTemplate('http://h/{id}'), false);
  assert.equal(isTemplate('http://h/{0..9}'), true);
});
