import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openItems, type UrlItems } from '../../src/sources/items.ts';
import type { SourceItem } from '../../src/model/target.ts';

async function collect(
  items: UrlItems,
): Promise<{ all: SourceItem[]; groups: number; error: string | null }> {
  const all: SourceItem[] = [];
  let groups = 0;
  try {
    for await (const group of openItems(items, 'source').items(new AbortController().signal)) {
      groups++;
      all.push(...group);
    }
  } catch (error) {
    return { all, groups, error: (error as Error).message };
  }
  return { all, groups, error: null };
}

suite('a source of the caller', () => {
  test('takes arrays, generators and asynchronous generators of text and URL', async () => {
    const urls = ['http://127.0.0.1/1', new URL('http://127.0.0.1/2')];
    const wanted = [
      { kind: 'target', url: 'http://127.0.0.1/1', line: 1 },
      { kind: 'target', url: 'http://127.0.0.1/2', line: 2 },
    ];
    assert.deepEqual((await collect(urls)).all, wanted);
    assert.deepEqual((await collect(new Set(urls))).all, wanted);
    async function* generate(): AsyncGenerator<string | URL> {
      yield* urls;
    }
    assert.deepEqual((await collect(generate())).all, wanted);
  });

  test('an array says how many there are', () => {
    assert.equal(openItems(['http://127.0.0.1/1'], 'source').countAhead, 1);
    assert.equal(openItems(new Set<string>(), 'source').countAhead, null);
  });

  test('what is no URL is named and ends nothing', async () => {
    const { all } = await collect([
      'nonsense',
      'ftp://127.0.0.1/',
      7 as unknown as string,
      'http://127.0.0.1/',
    ]);
    assert.deepEqual(
      all.map(({ kind }) => kind),
      ['bad', 'bad', 'bad', 'target'],
    );
  });

  test('many that are there at once come in groups, not one by one', async () => {
    const urls = Array.from({ length: 1000 }, (_, number) => `http://127.0.0.1/${number}`);
    async function* generate(): AsyncGenerator<string> {
      yield* urls;
    }
    for (const items of [urls, generate()]) {
      const { all, groups } = await collect(items);
      assert.equal(all.length, 1000);
      assert.ok(groups >= 4 && groups <= 8, `found ${groups} groups`);
    }
  });

  test('what came before a throw is handed on, then the throw, with the number of the item', async () => {
    function* generate(): Generator<string> {
      yield 'http://127.0.0.1/1';
      yield 'http://127.0.0.1/2';
      throw new Error('no more');
    }
    async function* generateLater(): AsyncGenerator<string> {
      yield* generate();
    }
    for (const items of [generate(), generateLater()]) {
      const { all, error } = await collect(items);
      assert.equal(all.length, 2);
      assert.match(error ?? '', /^source: expected another item or its end after item 2, it threw: no more$/);
    }
  });
});
