// Lines become the cells of CSV rows (RFC 4180): quotes, doubled quotes, and line ends inside quotes.

import type { LineGroup } from './text-lines.ts';

/** A quote that is never closed must not swallow the rest of the list. */
const MAX_ROW_LINES = 1000;

/** One row; `cells` is null where it cannot be read, for `reason`. */
export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[] | null;
  readonly reason: string;
}

export async function* readCsvRows(
  groups: AsyncIterable<LineGroup>,
  separator: string,
): AsyncGenerator<CsvRow[]> {
  /** From the line with the quote that is open. */
  let open: { first: number; lines: string[]; text: string } | undefined;
  for await (const { first, lines } of groups) {
    const rows: CsvRow[] = [];
    for (const [offset, text] of lines.entries()) {
      if (text === null) {
        rows.push({ line: first + offset, cells: null, reason: 'the line is too long' });
        continue;
      }
      const whole = open === undefined ? text : `${open.text}\n${text}`;
      const cells = splitRow(whole, separator);
      if (cells !== 'open') {
        rows.push({ line: open?.first ?? first + offset, cells, reason: '' });
        open = undefined;
        continue;
      }
      open ??= { first: first + offset, lines: [], text: '' };
      open.lines.push(text);
      open.text = whole;
      if (open.lines.length < MAX_ROW_LINES) continue;
      rows.push(...readOneByOne(open, separator));
      open = undefined;
    }
    yield rows;
  }
  if (open !== undefined) yield readOneByOne(open, separator);
}

/** Nothing closes the quote of the first: it is a slip, and the lines behind it are rows like any other. */
function readOneByOne({ first, lines }: { first: number; lines: string[] }, separator: string): CsvRow[] {
  return lines.map((text, offset) => {
    const cells = splitRow(text, separator);
    return cells === 'open'
      ? { line: first + offset, cells: null, reason: 'a quote is not closed' }
      : { line: first + offset, cells, reason: '' };
  });
}

/** The cells of one row, or `open` when it ends inside quotes. */
function splitRow(row: string, separator: string): string[] | 'open' {
  if (!row.includes('"')) return row.split(separator);
  const cells: string[] = [];
  let cell = '';
  let at = 0;
  while (at <= row.length) {
    if (row[at] === '"' && cell === '') {
      const end = closingQuote(row, at + 1);
      if (end === -1) return 'open';
      cell = row.slice(at + 1, end).replaceAll('""', '"');
      at = end + 1;
    }
    const next = row.indexOf(separator, at);
    cell += row.slice(at, next === -1 ? row.length : next);
    cells.push(cell);
    if (next === -1) break;
    cell = '';
    at = next + separator.length;
  }
  return cells;
}

function closingQuote(row: string, start: number): number {
  for (let at = row.indexOf('"', start); at !== -1; at = row.indexOf('"', at + 2)) {
    if (row[at + 1] !== '"') return at;
  }
  return -1;
}
