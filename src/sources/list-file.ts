// Targets from a list in a file or a stream: text with a URL a line, CSV with a chosen column, or JSON lines with a
// chosen field. A line that is no target is named by its number and does not end the list.

import { extname } from 'node:path';
import { SpillwayError } from '../model/errors.ts';
import type { Source, SourceItem } from '../model/target.ts';
import { type CsvRow, readCsvRows } from './csv-rows.ts';
import { type JsonPath, parseJsonPath, readJsonPath } from './json-path.ts';
import { inputName, type ListInput, openBytes } from './open-bytes.ts';
import { withoutLogins } from '../model/shown-url.ts';
import { readUrl, shorten } from './target-url.ts';
import { type LineGroup, MAX_LINE_BYTES, readLines } from './text-lines.ts';

export const LIST_FORMATS = ['txt', 'csv', 'tsv', 'jsonl'] as const;
export type ListFormat = (typeof LIST_FORMATS)[number];

export interface ListFileOptions {
  readonly input: ListInput;
  /** @default by the name's ending (before .gz or .zst); else jsonl when the first line is JSON, else txt */
  readonly format?: ListFormat;
  /**
   * Column of a CSV: its name in the first row, or its number from 1. Path of a field in JSON lines.
   * @default a column named url in any case, else the first; the field `url`, or the line itself if it is a string
   */
  readonly field?: string;
}

/** A source over a list whose length nobody knows before its end. @throws SpillwayError ERR_OPTION for a bad field */
export function openListFile(options: ListFileOptions): Source {
  const name = inputName(options.input);
  const { field = '' } = options;
  const knownFormat = options.format ?? formatByName(name);
  const hasColumns = knownFormat === 'csv' || knownFormat === 'tsv';
  if (hasColumns && /^0+$/u.test(field)) {
    throw new SpillwayError(
      'ERR_OPTION',
      `--field: expected the name of a column of ${name}, or its number from 1, found ${JSON.stringify(field)}`,
    );
  }
  const fieldPath = parseJsonPath(hasColumns ? '' : field);
  return {
    name,
    countAhead: null,
    isDistinct: false,
    async *items(signal) {
      const lines = readLines(openBytes(options.input));
      const { format, groups } = await detect(knownFormat, lines);
      for await (const items of parse(format, groups, { ...options, name, fieldPath })) {
        if (signal.aborted) return;
        if (items.length > 0) yield items;
      }
    },
    findings: () => [],
  };
}

function formatByName(name: string): ListFormat | undefined {
  const plain = name.replace(/\.(?:gz|zst)$/iu, '');
  const ending = extname(plain).slice(1).toLowerCase();
  if (ending === 'ndjson') return 'jsonl';
  return LIST_FORMATS.find((format) => format === ending);
}

/** Looks at the first line when nothing else tells the format. */
async function detect(
  known: ListFormat | undefined,
  lines: AsyncGenerator<LineGroup>,
): Promise<{ format: ListFormat; groups: AsyncIterable<LineGroup> }> {
  if (known !== undefined) return { format: known, groups: lines };
  const { done, value } = await lines.next();
  if (done === true) return { format: 'txt', groups: lines };
  const first = value.lines.find((line) => line !== null && line.trim() !== '')?.trim() ?? '';
  return { format: /^[{"]/u.test(first) ? 'jsonl' : 'txt', groups: putBack(value, lines) };
}

async function* putBack(group: LineGroup, rest: AsyncIterable<LineGroup>): AsyncGenerator<LineGroup> {
  yield group;
  yield* rest;
}

interface ParseContext {
  readonly name: string;
  readonly field?: string;
  readonly fieldPath: JsonPath;
}

function parse(
  format: ListFormat,
  groups: AsyncIterable<LineGroup>,
  context: ParseContext,
): AsyncIterable<SourceItem[]> {
  if (format === 'csv') return parseCsv(readCsvRows(groups, ','), context);
  if (format === 'tsv') return parseCsv(readCsvRows(groups, '\t'), context);
  return parseByLine(
    groups,
    format === 'txt' ? readTextLine : (text, line) => readJsonLine(text, line, context),
  );
}

async function* parseByLine(
  groups: AsyncIterable<LineGroup>,
  readLine: (text: string, line: number) => SourceItem,
): AsyncGenerator<SourceItem[]> {
  for await (const { first, lines } of groups) {
    const items: SourceItem[] = [];
    for (const [offset, line] of lines.entries()) {
      if (line === null) {
        const reason = `expected a line of at most ${MAX_LINE_BYTES} bytes, found a longer one`;
        items.push({ kind: 'bad', text: '', line: first + offset, reason });
        continue;
      }
      const text = line.trim();
      if (text !== '' && !text.startsWith('#')) items.push(readLine(text, first + offset));
    }
    yield items;
  }
}

function readTextLine(text: string, line: number): SourceItem {
  return makeItem(readUrl(text), text, line);
}

function readJsonLine(text: string, line: number, { field, fieldPath }: ParseContext): SourceItem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return makeItem({ reason: 'expected JSON' }, text, line);
  }
  const url =
    field === undefined && typeof value !== 'string'
      ? readJsonPath(value, ['url'])
      : readJsonPath(value, fieldPath);
  if (typeof url === 'string') return makeItem(readUrl(url.trim()), text, line);
  return makeItem({ reason: `expected a text in the field "${field ?? 'url'}"` }, text, line);
}

async function* parseCsv(rows: AsyncIterable<CsvRow[]>, context: ParseContext): AsyncGenerator<SourceItem[]> {
  let column: number | undefined;
  for await (const group of rows) {
    const items: SourceItem[] = [];
    for (const { line, cells, reason } of group) {
      if (cells === null) {
        items.push(makeItem({ reason }, '', line));
        continue;
      }
      if (cells.every((cell) => cell.trim() === '') || cells[0]?.startsWith('#') === true) continue;
      if (column === undefined) {
        const found = findColumn(cells, context);
        column = found.column;
        if (found.isHeader) continue;
      }
      const cell = cells[column]?.trim();
      const read =
        cell === undefined || cell === ''
          ? { reason: `expected a URL in column ${column + 1}, found nothing` }
          : readUrl(cell);
      // One by one: behind a cell that is a URL, the others look like its path.
      const text = 'url' in read ? '' : cells.map(withoutLogins).join(',');
      items.push(makeItem(read, text, line));
    }
    yield items;
  }
}

/** The column by the first row. A first row with no URL where one should be is taken for a header. */
function findColumn(
  cells: readonly string[],
  { name, field }: ParseContext,
): { column: number; isHeader: boolean } {
  const names = cells.map((cell) => cell.trim().toLowerCase());
  if (field !== undefined && !/^\d+$/u.test(field)) {
    const column = names.indexOf(field.toLowerCase());
    if (column === -1) {
      throw new SpillwayError(
        'ERR_OPTION',
        `--field: expected the name of a column of ${name}, or its number from 1, found ${JSON.stringify(field)}: in its first row are ${cells.slice(0, 20).map(withoutLogins).join(', ')}`,
      );
    }
    return { column, isHeader: true };
  }
  const named = field === undefined ? Math.max(0, names.indexOf('url')) : Number(field) - 1;
  return { column: named, isHeader: !/^\s*[a-z][a-z0-9+.-]*:/iu.test(cells[named] ?? '') };
}

function makeItem(read: ReturnType<typeof readUrl>, text: string, line: number): SourceItem {
  return 'url' in read
    ? { kind: 'target', url: read.url, line }
    : { kind: 'bad', text: shorten(text), line, reason: read.reason };
}
