// What people's lists really are: other encodings, line ends, separators and headers, and what stands beside a URL.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Source } from '../../src/model/target.ts';
import { type ListFileOptions, openListFile } from '../../src/sources/list-file.ts';
import { collect, collectUrls } from './collect.ts';

async function* inPieces(content: Buffer, bytes: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += bytes) yield content.subarray(start, start + bytes);
}

function list(name: string, content: string | Buffer, options: Partial<ListFileOptions> = {}): Source {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return openListFile({ input: { stream: inPieces(bytes, 7), name }, ...options });
}

/** Each item as its URL, or the number of its line and why it is none. */
async function told(source: Source): Promise<string[]> {
  const items = await collect(source);
  const counts = source.counts?.();
  assert.equal(items.length, (counts?.records ?? 0) - (counts?.skipped ?? 0), 'records are items or skipped');
  return items.map((item) => (item.kind === 'target' ? item.url : `${item.line}: ${item.reason}`));
}

function bigEndian(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

test('a table with tabs has no quotes, so that no row of it is swallowed', async () => {
  const rows = Array.from({ length: 60 }, (_, n) => `${n % 2 === 0 ? '"' : ''}name ${n}"\thttp://h/${n}`);
  const source = list('m.tsv', rows.join('\n'), { field: '2' });
  assert.deepEqual(
    await told(source),
    rows.map((_, n) => `http://h/${n}`),
  );
});

test('what stands behind a URL after a tab or as a note is left out, and told', async () => {
  const source = list('urls.txt', 'http://h/a.jpg\t2:1\nhttp://h/11 # note, see http://h/x\nhttp://h/12\n');
  assert.deepEqual(await told(source), ['http://h/a.jpg', 'http://h/11', 'http://h/12']);
  assert.deepEqual(source.findings(), [
    'urls.txt: what stands behind the URL was left out in 2 lines, first in line 1: "2:1"',
  ]);
});

test('two URLs, or other words, on a line are named and never glued', async () => {
  const lines = [
    'http://h/0',
    'http://h/1 http://h/2',
    'http://h/3\thttps://h/4',
    'http://h/5\u2028http://h/6',
  ];
  const found = await told(
    list('urls.txt', [...lines, 'http://h/my file.txt', 'http://h/7\u0000'].join('\n')),
  );
  assert.equal(found[0], 'http://h/0');
  for (const at of [1, 2, 3]) assert.match(found[at] as string, /^\d: expected one URL, found more: /u);
  assert.match(found[4] as string, /^5: expected one URL on a line, found words behind it: .* is %20/u);
  assert.match(found[5] as string, /^6: expected a URL without control characters/u);
});

test('a tab or line end inside a URL is named in every kind of list, for a URL leaves it out', async () => {
  assert.match(
    (
      await told(list('a.jsonl', '"http://h/0"\n"http://h/a\\tb"\n"http://h/c\\nd"\n"http://h/1 http://h/2"'))
    ).join(),
    /^http:\/\/h\/0,2: expected a URL without.*3: expected a URL without.*4: expected one URL/u,
  );
  assert.match(
    (await told(list('a.csv', 'url\nhttp://h/0\n"http://h/a\nhttp://h/b"\n"http://h/c\td"\n'))).join(),
    /^http:\/\/h\/0,3: expected one URL, found more.*5: expected a URL without/u,
  );
  // A cell that was set apart may have a blank, as a link of a page has.
  assert.deepEqual(await told(list('a.csv', 'url,x\nhttp://h/a b,1')), ['http://h/a%20b']);
});

test('lines and rows that end with CR alone are lines and rows', async () => {
  assert.deepEqual(await told(list('urls.txt', 'http://h/1\rhttp://h/2\r\rhttp://h/3')), [
    'http://h/1',
    'http://h/2',
    'http://h/3',
  ]);
  assert.deepEqual(await told(list('a.csv', 'id,url\r1,http://h/1\r2,http://h/2\r')), [
    'http://h/1',
    'http://h/2',
  ]);
});

test('UTF-16 is read as UTF-8 is, with a byte order mark or without, in whatever pieces', async () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'é', '\u{1f600}', '/', '?'), maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 5 }), async (paths) => {
      const text = paths.map((path) => `http://h/${path}\r\n`).join('');
      const expected = await told(list('urls.txt', text));
      for (const encoded of [
        Buffer.from(`\ufeff${text}`, 'utf16le'),
        bigEndian(`\ufeff${text}`),
        Buffer.from(text, 'utf16le'),
        bigEndian(text),
        Buffer.from(`\ufeff${text}`),
      ])
        assert.deepEqual(await told(list('urls.txt', encoded)), expected);
    }),
    { numRuns: 30 },
  );
  const table = Buffer.from('\ufeffid\turl\r\n1\thttp://h/1\r\n', 'utf16le');
  assert.deepEqual(await told(list('a.tsv', table)), ['http://h/1']);
});

test('a byte order mark where lists were joined is no part of a URL', async () => {
  const text = '\ufeffhttp://h/1\n\ufeffhttp://h/2\n';
  assert.deepEqual(await told(list('urls.txt', text)), ['http://h/1', 'http://h/2']);
  assert.deepEqual(
    await told(list('a.csv', '\ufeffurl,n\nhttp://h/1,1\n\ufeffhttp://h/2,2\n\ufeff"http://h/3",3')),
    ['http://h/1', 'http://h/2', 'http://h/3'],
  );
  assert.match(
    (await told(list('a.txt', 'http://h/1\ufeffhttp://h/2'))).join(),
    /^1: expected one URL, found more/u,
  );
  assert.deepEqual(await told(list('a.txt', '\ufeff')), []);
  assert.deepEqual(await told(list('a.csv', '\ufeff')), []);
});

for (const [what, content, message] of [
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x68, 0, 0, 0]), /found UTF-32: save it as UTF-8/u],
  ['an Excel workbook', Buffer.from('PK\x03\x04rest'), /found a zip archive or an Excel workbook: save/u],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /found an xz archive: unpack it/u],
  ['a JSON array', '[\n  {"url": "http://h/1"}\n]\n', /found a JSON array: write one line an item/u],
] as const)
  test(`${what} is refused in one sentence`, async () => {
    await assert.rejects(collect(list('list', content)), { code: 'ERR_OPTION', message });
  });

test('a header that begins with a # is a header, and a number sign in a row is data', async () => {
  const text =
    '# exported today\n#id,url\n#1,http://h/1\n# note\n2,http://h/2\n3,# http://h/3\n#4,# http://h/4\n';
  assert.deepEqual(await told(list('a.csv', text)), [
    'http://h/1',
    'http://h/2',
    '6: expected an absolute http or https URL, found "# http://h/3"',
  ]);
  assert.deepEqual(await told(list('a.tsv', '# url\tid\nhttp://h/1\t1\n#http://h/2\t2\n')), ['http://h/1']);
  assert.deepEqual(await told(list('a.csv', '#url\nhttp://h/1\n# http://h/2\n')), ['http://h/1']);
  assert.deepEqual(await told(list('a.csv', '#link,n\nhttp://h/1,1\n', { field: 'link' })), ['http://h/1']);
});

test('cells are separated by what the first row shows: semicolons, tabs, bars, or what it says itself', async () => {
  for (const [text, field] of [
    ['id;url\n1;http://h/1,2\n', undefined],
    ['name, first;url\na;http://h/1,2\n', undefined],
    ['"id";"link"\n1;"http://h/1,2"\n', 'link'],
    ['1;http://h/1,2\n', '2'],
    ['id|url\n1|http://h/1,2\n', undefined],
    ['id\turl\n1\thttp://h/1,2\n', undefined],
    ['sep=;\nid;link\n1;http://h/1,2\n', 'link'],
  ] as const)
    assert.deepEqual(
      await told(list('a.csv', text, field === undefined ? {} : { field })),
      ['http://h/1,2'],
      text,
    );
});

for (const [what, name, content, options, message] of [
  [
    'a wrong column',
    'a.csv',
    'id,link,url\n',
    { field: '1' },
    /^--field: expected a column of a\.csv with URLs, found "1", "2", "3" in its first rows, in column 1: its columns are id, link, url$/u,
  ],
  ['no column named url', 'a.csv', 'id,link\n', {}, /^--field: .* in column 1: its columns are id, link$/u],
  ['a column that is not there', 'a.tsv', 'id\turl\n', { field: '7' }, /^--field: .* in column 7/u],
  [
    'a field of JSON',
    'a.jsonl',
    '',
    { field: 'nope' },
    /^--field: expected the path of a URL in the JSON lines/u,
  ],
  ['a table taken for text', 'a', 'id,url\n', {}, /a table needs --format csv or tsv$/u],
] as const)
  test(`a list without URLs where they should be is refused before any of it is fetched: ${what}`, async () => {
    const separator = name.endsWith('tsv') ? '\t' : ',';
    const row = (n: number) =>
      name.endsWith('jsonl') ? `{"url":"http://h/${n}"}` : [n, `x${n}`, `http://h/${n}`].join(separator);
    const rows = Array.from({ length: 20_000 }, (_, n) => row(n + 1)).join('\n');
    const seen: unknown[] = [];
    const walk = async () => {
      const source = list(name, content + rows, options);
      for await (const items of source.items(new AbortController().signal)) seen.push(...items);
    };
    await assert.rejects(walk, { code: 'ERR_OPTION', message });
    assert.deepEqual(seen, []);
  });

test('a short table without a URL is refused, too, and so is what may be a row taken for a header', async () => {
  const refused = { code: 'ERR_OPTION', message: /^--field: expected a column of a\.csv with URLs/u };
  await assert.rejects(collect(list('a.csv', 'id,link\n1,http://h/1\n')), refused);
  await assert.rejects(collect(list('a.csv', 'example.com/a\n')), refused);
  assert.deepEqual(await told(list('a.csv', 'url\n')), []);
});

test('URLs that begin late, or have mistakes, are no reason to refuse a list', async () => {
  const empty = '1,\n'.repeat(5_000);
  assert.equal((await collectUrls(list('a.csv', `id,url\n${empty}2,http://h/2\n`))).length, 1);
  const notes = 'to do\n'.repeat(99);
  assert.equal((await told(list('a.txt', `${notes}http://h/2\n`))).length, 100);
  assert.equal((await told(list('a.txt', 'ftp://h/1\n'.repeat(500)))).length, 500);
});

test('a row that is taken for a header is told of', async () => {
  const source = list('a.csv', 'id,Bild\n1,http://h/1\n', { field: '2' });
  assert.deepEqual(await told(source), ['http://h/1']);
  assert.deepEqual(source.findings(), [
    'a.csv: its first row was taken for a header, for it holds no URL: id, bild',
  ]);
});

test('an empty fragment is none', async () => {
  assert.deepEqual(await collectUrls(list('a.txt', 'http://h/a#\nhttp://h/a\nhttp://h/a#b\n')), [
    'http://h/a',
    'http://h/a',
    'http://h/a',
  ]);
});
