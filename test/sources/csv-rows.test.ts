import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { type CsvRow, countLineEnds, readCsvRows, type RowDialect } from '../../src/sources/csv-rows.ts';

const CSV: RowDialect = { separator: ',', hasQuotes: true };
const TSV: RowDialect = { separator: '\t', hasQuotes: false };

async function* inPieces(text: string, characters: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += characters) yield text.slice(start, start + characters);
}

async function readRows(text: string, dialect: RowDialect, characters = 5): Promise<CsvRow[]> {
  const rows: CsvRow[] = [];
  for await (const group of readCsvRows(inPieces(text, characters), dialect)) rows.push(...group);
  return rows;
}

const cellsOf = (rows: readonly CsvRow[]) => rows.map(({ cells }) => cells);

/** Text of what tables are made of, so that their meetings are many. */
const tableText = fc
  .array(fc.constantFrom('"', '""', ',', ';', '\t', '\n', '\r', '\r\n', 'a', ' ', 'http://h/', '\ufeff', '#'))
  .map((parts) => parts.join(''));

/** Line ends by the book, for a text without a half of one. */
const linesOf = (text: string) => {
  const lines = text.split(/\r\n|\n|\r/u);
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
};

test('what an independent writer wrote comes back cell by cell, however it is cut into pieces', async () => {
  const cell = fc.string({
    unit: fc.constantFrom('"', ',', '\n', '\r\n', '\r', 'x', ' ', 'é', '\u{1f600}', ';'),
    maxLength: 6,
  });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((columns) =>
      fc.array(fc.array(cell, { minLength: columns, maxLength: columns }), { maxLength: 8 }),
    );
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.constantFrom(',', ';', '\t', '|'),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
      fc.integer({ min: 1, max: 20 }),
      async (rows, separator, end, isAllQuoted, characters) => {
        const text = stringify(rows, {
          delimiter: separator,
          record_delimiter: end,
          quoted: isAllQuoted,
          quoted_empty: true,
          quoted_match: /[\r\n"]/u,
        });
        const found = await readRows(text, { separator, hasQuotes: true }, characters);
        assert.deepEqual(cellsOf(found), rows);
      },
    ),
    { numRuns: 300 },
  );
});

test('no line is lost: rows and named lines cover each one once, in order, whatever the quotes and pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      tableText,
      fc.constantFrom(CSV, TSV, { ...CSV, separator: ';' }),
      fc.integer({ min: 1, max: 9 }),
      async (text, dialect, characters) => {
        const rows = await readRows(text, dialect, characters);
        let line = 1;
        for (const row of rows) {
          assert.equal(row.line, line);
          line += row.lineCount;
        }
        assert.equal(line - 1, linesOf(text));
        assert.deepEqual(rows, await readRows(text, dialect, text.length + 1), 'pieces make no difference');
      },
    ),
    { numRuns: 1500 },
  );
});

test('line ends are counted as a split counts them', () => {
  fc.assert(
    fc.property(tableText, (text) => assert.equal(countLineEnds(text), text.split(/\r\n|\n|\r/u).length - 1)),
  );
});

test('a table separated by tabs has no quotes', async () => {
  const text = 'one\tU/1\n"two\tU/2\nthree\tU/3\n4" four\tU/4\n';
  assert.deepEqual(cellsOf(await readRows(text, TSV)), [
    ['one', 'U/1'],
    ['"two', 'U/2'],
    ['three', 'U/3'],
    ['4" four', 'U/4'],
  ]);
});

test('a quote opens at a cell’s start only, and a slip costs its own line alone', async () => {
  const text = 'one,U/1\n"two,U/2\nthree,U/3\n4" four,U/4\n"5" five,U/5\n6,"U/6"\n';
  assert.deepEqual(
    (await readRows(text, CSV)).map(({ line, cells, reason }) => [line, cells ?? reason]),
    [
      [1, ['one', 'U/1']],
      [2, 'a quote is closed in the middle of a cell'],
      [3, ['three', 'U/3']],
      [4, ['4" four', 'U/4']],
      [5, 'a quote is closed in the middle of a cell'],
      [6, ['6', 'U/6']],
    ],
  );
});

test('a quote that another row happens to close does not swallow the rows between', async () => {
  const isRow = (cells: readonly string[]) => cells.length === 2 && cells[1]?.startsWith('U/') === true;
  const text = '"two,U/2\nthree,U/3\n5",U/5\n6,U/6\n"a\nnote",U/7\n';
  assert.deepEqual(
    (await readRows(text, { ...CSV, isRow })).map(({ line, cells, reason }) => [line, cells ?? reason]),
    [
      [1, 'a quote is not closed before what is a row of its own'],
      [2, ['three', 'U/3']],
      [3, ['5"', 'U/5']],
      [4, ['6', 'U/6']],
      [5, ['a\nnote', 'U/7']],
    ],
  );
});

test('a line without an end is one named line, and what follows it stands', async () => {
  const text = `a,b\n${'x'.repeat(3_000_000)}\nc,d\n"${'y'.repeat(3_000_000)}\ne,f`;
  assert.deepEqual(
    (await readRows(text, CSV, 65_536)).map(({ line, cells, reason }) => [line, cells ?? reason]),
    [
      [1, ['a', 'b']],
      [2, 'the line is too long'],
      [3, ['c', 'd']],
      [4, 'a quote is not closed'],
      [5, ['e', 'f']],
    ],
  );
});

/** Characters that the searches of a call went over: the work of a reader, whatever the machine. */
async function searchWork(run: () => Promise<unknown>): Promise<number> {
  const original: (this: string, wanted: string, from?: number) => number = Reflect.get(
    String.prototype,
    'indexOf',
  );
  let work = 0;
  function counted(this: string, wanted: string, from = 0): number {
    const found = original.call(this, wanted, from);
    work += (found === -1 ? this.length : found) - from;
    return found;
  }
  Reflect.set(String.prototype, 'indexOf', counted);
  try {
    await run();
  } finally {
    Reflect.set(String.prototype, 'indexOf', original);
  }
  return work;
}

for (const [what, line] of [
  ['a quote that is never closed', (n: number) => (n === 0 ? '"open' : 'x'.repeat(100))],
  ['a quote left open in every line', () => `1,"${'x'.repeat(100)}`],
  ['quotes alone', () => '"'.repeat(101)],
  ['doubled quotes in one open cell', (n: number) => (n === 0 ? '"' : '""'.repeat(50))],
  ['line ends alone', () => ''],
] as const)
  test(`the work grows with the table and no faster: ${what}`, async () => {
    const workOf = (lines: number) => {
      const text = Array.from({ length: lines }, (_, n) => line(n)).join('\n');
      return searchWork(() => readRows(text, CSV, 65_536));
    };
    const small = await workOf(5_000);
    const large = await workOf(50_000);
    assert.ok(large < small * 15, `${large} characters for 50,000 lines, ${small} for 5,000`);
  });
