// The one reader for all lists: yields records with their line, and with cells by name or number, whatever the
// format. Uses bounded memory, and counts what it reads, so that a run can tell that no record was lost.

import { extname } from 'node:path';
import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';
import { type CsvRow, countLineEnds, readCsvRows } from './csv-rows.ts';
import { parseJsonPath, readJsonPath } from './json-path.ts';
import { readText } from './list-text.ts';
import { inputName, type ListInput, openBytes } from './open-bytes.ts';
import { findSeparator, headerNames, Table } from './table.ts';
import { readLines } from './text-lines.ts';

export const LIST_FORMATS = ['txt', 'csv', 'tsv', 'jsonl'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

/** Limits of a line. Lines of a text are URLs, and no server accepts a longer one; JSON records may hold more. */
const MAX_LINE_CHARACTERS = { txt: 64 * 1024, jsonl: 2 ** 20 };
/** Characters inspected to detect a format and a separator. */
const PEEK_CHARACTERS = 64 * 1024;

/** One record of a list. */
export interface ListRecord {
  readonly line: number;
  /** Why it cannot be read; null if it can. */
  readonly reason: string | null;
  /** What identifies it in messages; may hold logins. */
  readonly text: string;
  /** A table's cell by its name, or its number from 1; in JSON, the value at that path; in a text, its line. */
  cell(field: string): unknown;
}

export interface ListShape {
  readonly format: ListFormat;
  /** Null if the list is not a table. */
  readonly table: Table | null;
}

export interface RecordCounts {
  /** Records read. */
  records: number;
  /** Records of these that are not data: blank ones, comments, a header. */
  skipped: number;
}

export interface RecordsOptions {
  readonly input: ListInput;
  /** @default by the name's ending (before .gz or .zst), else by content */
  readonly format: ListFormat | undefined;
  /** The wanted column, which helps to detect a header and the separator. */
  readonly field: string | undefined;
}

export class ListRecords {
  readonly name: string;
  readonly counts: RecordCounts = { records: 0, skipped: 0 };
  /** Known once the first record has been read. */
  shape: ListShape | null = null;
  readonly #options: RecordsOptions;
  /** Lines that the records cover, and lines of the text by its line ends. */
  #lines = 0;
  #textLines = 0;

  constructor(options: RecordsOptions) {
    this.#options = options;
    this.name = inputName(options.input);
  }

  /**
   * Yields records in groups; records that are not data are only counted.
   * @throws SpillwayError ERR_OPTION for a file that cannot be a list, ERR_BUG when lines of it were lost
   */
  async *groups(): AsyncGenerator<readonly ListRecord[]> {
    const texts = this.#countLines(readText(openBytes(this.#options.input), this.name));
    const { start, whole } = await peek(texts);
    const format = this.#options.format ?? formatByName(this.name) ?? this.#formatByText(start);
    yield* format === 'csv' || format === 'tsv'
      ? this.#rows(format, start, whole)
      : this.#byLine(format, whole);
    if (this.#lines === this.#textLines) return;
    throw new SpillwayError(
      'ERR_BUG',
      `${this.name}: expected records for its ${this.#textLines} lines, found them for ${this.#lines}`,
    );
  }

  async *#byLine(format: 'txt' | 'jsonl', texts: AsyncIterable<string>): AsyncGenerator<ListRecord[]> {
    this.shape = { format, table: null };
    const maxCharacters = MAX_LINE_CHARACTERS[format];
    const readRecord = format === 'txt' ? readTextRecord : readJsonRecord;
    for await (const { first, lines } of readLines(texts, maxCharacters)) {
      const records: ListRecord[] = [];
      for (const [at, line] of lines.entries()) {
        const text = line?.trim();
        if (text === undefined) {
          const reason = `expected a line of at most ${maxCharacters} characters, found a longer one`;
          records.push(unreadable(first + at, reason));
        } else if (text !== '' && !text.startsWith('#')) records.push(readRecord(text, first + at));
      }
      this.#count(lines.length, lines.length - records.length);
      this.#lines += lines.length;
      yield records;
    }
  }

  async *#rows(
    format: 'csv' | 'tsv',
    start: string,
    texts: AsyncIterable<string>,
  ): AsyncGenerator<ListRecord[]> {
    const { field } = this.#options;
    // The first line of some tables names their separator, in the form that Excel reads.
    const hint = /^\ufeff?sep=(.)(?=[\r\n])/u.exec(start)?.[1];
    const separator = format === 'tsv' ? '\t' : (hint ?? findSeparator(firstRowOf(start), field));
    let table = null as Table | null;
    const isRow = (cells: readonly string[]) => table?.isRow(cells) ?? false;
    for await (const rows of readCsvRows(texts, { separator, hasQuotes: format === 'csv', isRow })) {
      const records: ListRecord[] = [];
      for (const row of rows) {
        this.#lines += row.lineCount;
        const isHint = hint !== undefined && row.line === 1;
        if (row.cells === null) records.push(unreadable(row.line, row.reason));
        else if (isHint || isBlank(row.cells)) continue;
        else if (table === null) {
          if (this.#isCommentBefore(row.cells)) continue;
          table = this.#readTable(format, row.cells);
          if (!table.isHeader) records.push(new TableRecord(row.line, row.cells, table));
        } else if (!table.isComment(row.cells)) records.push(new TableRecord(row.line, row.cells, table));
      }
      this.#count(rows.length, rows.length - records.length);
      yield records;
    }
  }

  #count(records: number, skipped: number): void {
    this.counts.records += records;
    this.counts.skipped += skipped;
  }

  /** Tells whether a first row is a comment: one cell that begins with `#` and does not name the wanted column. */
  #isCommentBefore(cells: readonly string[]): boolean {
    const isOne = cells.length === 1 && cells[0]?.trimStart().startsWith('#') === true;
    return isOne && headerNames(cells)[0] !== (this.#options.field ?? 'url').toLowerCase();
  }

  #readTable(format: ListFormat, firstRow: readonly string[]): Table {
    const { field } = this.#options;
    const table = new Table(firstRow, field);
    this.shape = { format, table };
    if (table.column !== -1) return table;
    const names = firstRow.slice(0, 20).map(withoutLogins).join(', ');
    throw new SpillwayError(
      'ERR_OPTION',
      `--field: expected the name of a column of ${this.name}, or its number from 1, found ${JSON.stringify(field)}: in its first row are ${names}`,
    );
  }

  #formatByText(start: string): ListFormat {
    const text = start.replace(/^\ufeff/u, '').trimStart();
    if (!text.startsWith('[')) return /^[{"]/u.test(text) ? 'jsonl' : 'txt';
    // A line of JSON may be an array, whose items are addressed by number.
    if (this.#options.field?.startsWith('[') === true) return 'jsonl';
    throw new SpillwayError(
      'ERR_OPTION',
      `${this.name}: expected a URL a line, or JSON lines, found a JSON array: write one line an item, as jq -c '.[]' does`,
    );
  }

  /** Counts line ends separately, to check the code that makes records of the text. */
  async *#countLines(texts: AsyncIterable<string>): AsyncGenerator<string> {
    let last = '\n';
    for await (const text of texts) {
      const isSecondHalf = last === '\r' && text.startsWith('\n');
      this.#textLines += countLineEnds(text) - (isSecondHalf ? 1 : 0);
      last = text.at(-1) ?? last;
      yield text;
    }
    if (last !== '\n' && last !== '\r') this.#textLines++;
  }
}

export function formatByName(name: string): ListFormat | undefined {
  const plain = name.replace(/\.(?:gz|zst)$/iu, '');
  const ending = extname(plain).slice(1).toLowerCase();
  if (ending === 'ndjson') return 'jsonl';
  return LIST_FORMATS.find((format) => format === ending);
}

/** Returns the text at least up to its first line end, and the whole text again. */
async function peek(texts: AsyncGenerator<string>): Promise<{ start: string; whole: AsyncIterable<string> }> {
  let start = '';
  while (start.length < PEEK_CHARACTERS && !/\S[^\r\n]*[\r\n]/u.test(start)) {
    const { done, value } = await texts.next();
    if (done === true) break;
    start += value;
  }
  return { start, whole: startingWith(start, texts) };
}

async function* startingWith(start: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  if (start !== '') yield start;
  yield* rest;
}

/** The first line that is neither blank nor a one-cell comment. */
function firstRowOf(start: string): string {
  const lines = start.replace(/^\ufeff/u, '').split(/\r\n|\n|\r/u, 100);
  return lines.find((line) => line.trim() !== '' && !/^\s*#[^,;|\t]*$/u.test(line)) ?? '';
}

function isBlank(cells: CsvRow['cells'] & object): boolean {
  return cells.every((cell) => cell.trim() === '');
}

class TableRecord implements ListRecord {
  readonly line: number;
  readonly reason = null;
  readonly #cells: readonly string[];
  readonly #table: Table;

  constructor(line: number, cells: readonly string[], table: Table) {
    this.line = line;
    this.#cells = cells;
    this.#table = table;
  }

  /** Removes logins from each cell separately: after a cell with a URL, the others would look like its path. */
  get text(): string {
    return this.#cells.map(withoutLogins).join(',');
  }

  cell(field: string): string | undefined {
    return this.#table.cellOf(this.#cells, field);
  }
}

class TextRecord implements ListRecord {
  readonly line: number;
  readonly reason = null;
  readonly text: string;

  constructor(text: string, line: number) {
    this.line = line;
    this.text = text;
  }

  cell(): string {
    return this.text;
  }
}

class JsonRecord implements ListRecord {
  readonly line: number;
  readonly reason = null;
  readonly text: string;
  readonly #value: unknown;

  constructor(text: string, line: number, value: unknown) {
    this.line = line;
    this.text = text;
    this.#value = value;
  }

  cell(field: string): unknown {
    return readJsonPath(this.#value, pathOf(field));
  }
}

function unreadable(line: number, reason: string): ListRecord {
  return { line, reason, text: '', cell: () => undefined };
}

function readTextRecord(text: string, line: number): ListRecord {
  return new TextRecord(text, line);
}

function readJsonRecord(text: string, line: number): ListRecord {
  try {
    return new JsonRecord(text, line, JSON.parse(text));
  } catch {
    return { line, reason: 'expected JSON', text, cell: () => undefined };
  }
}

let lastPath = { text: '', path: parseJsonPath('') };

function pathOf(field: string): ReturnType<typeof parseJsonPath> {
  if (lastPath.text !== field) lastPath = { text: field, path: parseJsonPath(field) };
  return lastPath.path;
}
