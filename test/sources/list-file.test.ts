import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type ListFileOptions, openListFile } from '../../src/sources/list-file.ts';
import { scratchDirectory } from '../helpers/scratch.ts';
import { collect, collectUrls } from './collect.ts';

async function* inPieces(content: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += bytes) yield content.subarray(start, start + bytes);
}

function fromText(text: string | Buffer, options: Partial<ListFileOptions> = {}, pieceBytes = 7) {
  const stream = inPieces(Buffer.from(text as string), pieceBytes);
  return openListFile({ input: { stream, name: 'standard input' }, ...options });
}

function writeList(t: TestContext, name: string, content: string | Buffer): ListFileOptions {
  const path = join(scratchDirectory(t), name);
  writeFileSync(path, content);
  return { input: { path } };
}

const TEXT = '\ufeff# a comment\r\nhttp://h/1\r\n\r\n  http://h/2#part  \nnonsense\nftp://h/3\nhttp://h/4';

test('text: comments and blank lines are skipped, and each bad line is named by its number', async () => {
  assert.deepEqual(await collect(fromText(TEXT)), [
    { kind: 'target', url: 'http://h/1', line: 2 },
    { kind: 'target', url: 'http://h/2', line: 4 },
    {
      kind: 'bad',
      text: 'nonsense',
      line: 5,
      reason: 'expected an absolute http or https URL, found "nonsense"',
    },
    { kind: 'bad', text: 'ftp://h/3', line: 6, reason: 'expected http or https, found "ftp:"' },
    { kind: 'target', url: 'http://h/4', line: 7 },
  ]);
});

for (const [kind, pack] of [
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const)
  test(`${kind} is known by content, whatever the name, and two streams joined are one list`, async (t) => {
    const packed = Buffer.concat([pack('http://h/1\nhttp://h/2\n'), pack('http://h/3\n')]);
    assert.deepEqual(await collectUrls(openListFile(writeList(t, 'urls.txt', packed))), [
      'http://h/1',
      'http://h/2',
      'http://h/3',
    ]);
    assert.equal((await collect(fromText(packed, {}, 1))).length, 3);
  });

test('a damaged gzip is an error that names the list', async (t) => {
  const packed = gzipSync('http://h/1\n'.repeat(1000));
  const source = openListFile(writeList(t, 'urls.gz', packed.subarray(0, packed.length - 10)));
  await assert.rejects(collect(source), { code: 'ERR_SOURCE', message: /urls\.gz/u });
});

test('a list that is not there is an error that names it', async () => {
  await assert.rejects(collect(openListFile({ input: { path: '/nowhere/urls.txt' } })), {
    code: 'ERR_SOURCE',
    message: /\/nowhere\/urls\.txt: expected a file/u,
  });
});

test('csv: the column named url, or one chosen by name or number, with quotes and line ends in cells', async () => {
  const csv =
    'id,URL,other\n1,http://h/a,x\n2,"http://h/b?c=1,2","two\nlines ""here"""\n3,,y\n4,http://h/d,\n';
  assert.deepEqual(
    (await collect(fromText(csv, { format: 'csv' }))).map((item) => [
      item.line,
      item.kind === 'target' ? item.url : item.reason,
    ]),
    [
      [2, 'http://h/a'],
      [3, 'http://h/b?c=1,2'],
      [5, 'expected a URL in column 2, found nothing'],
      [6, 'http://h/d'],
    ],
  );
  assert.deepEqual(
    await collectUrls(fromText('k\tlink\n1\thttp://h/t\n', { format: 'tsv', field: 'link' })),
    ['http://h/t'],
  );
  assert.deepEqual(
    await collectUrls(fromText('1,http://h/1\n2,http://h/2\n', { format: 'csv', field: '2' })),
    ['http://h/1', 'http://h/2'],
  );
});

test('csv: a column that is not there is misuse, which lists those that are, without their logins', async () => {
  await assert.rejects(collect(fromText('a,B,u:pw@h\n1,2\n', { format: 'csv', field: 'url' })), {
    code: 'ERR_OPTION',
    message:
      /^--field: expected the name of a column of .*, or its number from 1, found "url": in its first row are a, B, h$/u,
  });
});

test('csv: columns begin at 1, and what cannot be a path may be the name of one', async (t) => {
  for (const field of ['0', '00']) {
    for (const options of [{ format: 'csv', field } as const, { format: 'tsv', field } as const])
      assert.throws(() => fromText('url,b\nhttp://h/,2\n', options), {
        code: 'ERR_OPTION',
        message: new RegExp(
          `^--field: expected the name of a column .*, or its number from 1, found "${field}"$`,
          'u',
        ),
      });
  }
  const list = writeList(t, 'list.csv', 'a,the [url]\n1,http://h/1\n');
  assert.throws(() => openListFile({ ...list, field: '0' }), { code: 'ERR_OPTION' });
  assert.deepEqual(await collectUrls(openListFile({ ...list, field: 'the [url]' })), ['http://h/1']);
  assert.deepEqual(await collectUrls(fromText('{"0": "http://h/j"}', { format: 'jsonl', field: '0' })), [
    'http://h/j',
  ]);
});

for (const count of [2, 2500])
  test(`csv: a quote that is never closed costs its own line alone, of ${count}`, async () => {
    const lines = Array.from({ length: count }, (_, n) => `${n === 0 ? '"' : ''}http://h/${n}`);
    const items = await collect(fromText(`url\n${lines.join('\n')}\n`, { format: 'csv' }));
    assert.deepEqual(items[0], { kind: 'bad', text: '', line: 2, reason: 'a quote is not closed' });
    assert.deepEqual(
      items.slice(1).map((item) => [item.line, item.kind === 'target' && item.url]),
      lines.slice(1).map((url, n) => [n + 3, url]),
    );
  });

test('jsonl: known by its first line, with a field by its path', async () => {
  const lines = '{"url":"http://h/1"}\n"http://h/2"\n{"url":5}\n{broken\n';
  assert.deepEqual(
    (await collect(fromText(lines))).map((item) => (item.kind === 'target' ? item.url : item.reason)),
    ['http://h/1', 'http://h/2', 'expected a text in the field "url"', 'expected JSON'],
  );
  const deep = '{"a":{"links":["x","http://h/3"]}}\n';
  assert.deepEqual(await collectUrls(fromText(deep, { field: 'a.links[1]' })), ['http://h/3']);
});

test('a line of a megabyte is one named failure, and the lines around it stand', async () => {
  const text = `http://h/1\n${'x'.repeat(1_000_000)}\nhttp://h/2\n${'y'.repeat(100_000)}`;
  const items = await collect(fromText(text, {}, 65_536));
  assert.deepEqual(
    items.map((item) => [item.kind, item.line]),
    [
      ['target', 1],
      ['bad', 2],
      ['target', 3],
      ['bad', 4],
    ],
  );
});

test('bytes that are not UTF-8 are a named failure', async () => {
  const [item] = await collect(fromText(Buffer.from('http://h/\xff\n', 'latin1')));
  assert.ok(item?.kind === 'bad');
  assert.match(item.reason, /expected UTF-8/u);
});

test('an empty list yields nothing', async () => {
  assert.deepEqual(await collect(fromText('')), []);
});
