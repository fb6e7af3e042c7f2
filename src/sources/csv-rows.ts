// Turns text into the cells of table rows (RFC 4180): quotes, doubled quotes, and line ends inside quotes. A quote
// opens only at a cell's start. If a row cannot be read, only its first line is lost: reading goes on with the next
// line.

const BOM = '\ufeff';
/** Characters after which a quote that is never closed, or a line that never ends, is given up. */
const MAX_ROW_CHARACTERS = 2 ** 20;

export interface RowDialect {
  readonly separator: string;
  /** False where a quote is an ordinary character, as in TSV (IANA, text/tab-separated-values). */
  readonly hasQuotes: boolean;
  /**
   * True for the cells of a line inside quotes that are surely a row of the table: a quote that was left open by
   * mistake may seem to close where another one begins. @default accepts none
   */
  readonly isRow?: (cells: readonly string[]) => boolean;
}

/** One row; `cells` is null if it cannot be read, and `reason` says why. */
export interface CsvRow {
  readonly line: number;
  /** Number of lines it covers. */
  readonly lineCount: number;
  readonly cells: readonly string[] | null;
  readonly reason: string;
}

/** Reads rows in groups. Holds one row and one piece of text; looks at each character a fixed number of times. */
export async function* readCsvRows(
  texts: AsyncIterable<string>,
  dialect: RowDialect,
): AsyncGenerator<CsvRow[]> {
  const reader = new RowReader(dialect);
  for await (const text of texts) {
    const rows = reader.take(text, false);
    if (rows.length > 0) yield rows;
  }
  const last = reader.take('', true);
  if (last.length > 0) yield last;
}

/** The state of a row with quotes whose end has not arrived yet; offsets count from its start. */
interface OpenRow {
  readonly cells: string[];
  /** Where the cell begins, and where the search for its closing quote, or its end, goes on. */
  cellAt: number;
  lookAt: number;
}

const NOTHING_FOUND = () => ({
  '\n': { from: Infinity, at: -1 },
  '\r': { from: Infinity, at: -1 },
  '"': { from: Infinity, at: -1 },
});

class RowReader {
  readonly #dialect: RowDialect;
  #text = '';
  /** Start of the next row. */
  #at = 0;
  #line = 1;
  #isEnd = false;
  #open: OpenRow | null = null;
  /** True while the rest of a line that is too long is skipped. */
  #isLeavingOut = false;
  /** The next position of each character, and the offset it was searched from: no text is searched twice. */
  #next = NOTHING_FOUND();

  constructor(dialect: RowDialect) {
    this.#dialect = dialect;
  }

  /** The rows that end in the text so far; with `isEnd`, including the last one. */
  take(text: string, isEnd: boolean): CsvRow[] {
    this.#text = this.#text.slice(this.#at) + text;
    this.#at = 0;
    this.#isEnd = isEnd;
    this.#next = NOTHING_FOUND();
    const rows: CsvRow[] = [];
    while (this.#at < this.#text.length) {
      const row = this.#isLeavingOut ? this.#leaveOut() : this.#read();
      if (row === null) break;
      if (row !== 'none') rows.push(row);
    }
    return rows;
  }

  /** Reads a row; null when it needs more text. */
  #read(): CsvRow | null {
    if (this.#open === null) {
      const end = this.#lineEnd(this.#at);
      const quote = this.#dialect.hasQuotes ? this.#find('"', this.#at) : Infinity;
      if (quote > end) return this.#isWhole(end) ? this.#readPlain(end) : this.#wait();
      const start = this.#start - this.#at;
      this.#open = { cells: [], cellAt: start, lookAt: start };
    }
    return this.#readQuoted(this.#open);
  }

  /** Start of the row's first cell: tables that were joined have a byte order mark in the middle. */
  get #start(): number {
    return this.#text.startsWith(BOM, this.#at) ? this.#at + 1 : this.#at;
  }

  #readPlain(end: number): CsvRow {
    const cells = this.#text.slice(this.#start, end).split(this.#dialect.separator);
    return this.#finish(end, cells);
  }

  #readQuoted(open: OpenRow): CsvRow | null {
    const { separator } = this.#dialect;
    for (;;) {
      const start = this.#at + open.cellAt;
      const isQuoted = this.#text[start] === '"';
      const end = isQuoted ? this.#closingQuote(open) : this.#cellEnd(open);
      if (end === null) return this.#wait();
      const cell = isQuoted
        ? this.#text.slice(start + 1, end).replaceAll('""', '"')
        : this.#text.slice(start, end);
      const after = isQuoted ? this.#pastBlanks(end + 1) : end;
      if (after >= this.#text.length && !this.#isEnd) return this.#wait();
      open.cells.push(cell);
      if (this.#text.startsWith(separator, after)) {
        open.cellAt = open.lookAt = after + separator.length - this.#at;
        continue;
      }
      if (after < this.#text.length && after !== this.#lineEnd(after))
        return this.#giveUp('a quote is closed in the middle of a cell');
      if (!this.#isWhole(after)) {
        open.cells.pop();
        return this.#wait();
      }
      if (this.#holdsRow(after)) return this.#giveUp('a quote is not closed before what is a row of its own');
      return this.#finish(after, open.cells);
    }
  }

  /** Where the quote closes; null if that has not arrived yet. */
  #closingQuote(open: OpenRow): number | null {
    const start = this.#at + Math.max(open.lookAt, open.cellAt + 1);
    for (let at = this.#text.indexOf('"', start); at !== -1; at = this.#text.indexOf('"', at + 2)) {
      open.lookAt = at - this.#at;
      if (at + 1 === this.#text.length && !this.#isEnd) return null;
      if (this.#text[at + 1] !== '"') return at;
    }
    open.lookAt = this.#text.length - this.#at;
    return null;
  }

  #cellEnd(open: OpenRow): number | null {
    const start = this.#at + open.lookAt;
    const separator = this.#text.indexOf(this.#dialect.separator, start);
    const end = Math.min(separator === -1 ? Infinity : separator, this.#lineEnd(start));
    if (end < this.#text.length || this.#isEnd) return Math.min(end, this.#text.length);
    open.lookAt = Math.max(open.cellAt, this.#text.length - this.#at - this.#dialect.separator.length);
    return null;
  }

  #pastBlanks(start: number): number {
    let at = start;
    while (this.#text[at] === ' ') at++;
    return at;
  }

  /** Asks for more text, unless the row is too long already or the text has ended. */
  #wait(): CsvRow | null {
    if (!this.#isEnd && this.#text.length - this.#at <= MAX_ROW_CHARACTERS) return null;
    return this.#giveUp(this.#open === null ? 'the line is too long' : 'a quote is not closed');
  }

  /** Gives up the row's first line, and reads what follows it as usual. */
  #giveUp(reason: string): CsvRow {
    const row = { line: this.#line, lineCount: 1, cells: null, reason };
    this.#open = null;
    this.#isLeavingOut = true;
    this.#leaveOut();
    return row;
  }

  /** Skips to the end of the line; null if that has not arrived yet. */
  #leaveOut(): 'none' | null {
    const end = this.#lineEnd(this.#at);
    if (!this.#isWhole(end)) {
      // Keeps the first half of a line end until the other half arrives.
      this.#at = end < this.#text.length ? end : this.#text.length;
      return null;
    }
    this.#isLeavingOut = false;
    this.#goBehind(end, 1);
    return 'none';
  }

  #finish(end: number, cells: readonly string[]): CsvRow {
    const lineCount = this.#open === null ? 1 : 1 + countLineEnds(this.#text.slice(this.#at, end));
    const row = { line: this.#line, lineCount, cells, reason: '' };
    this.#goBehind(end, lineCount);
    this.#open = null;
    return row;
  }

  #goBehind(end: number, lines: number): void {
    this.#at = end + (this.#text.startsWith('\r\n', end) ? 2 : 1);
    this.#line += lines;
  }

  /** Tells whether a line of a row of several lines looks like a row by itself. */
  #holdsRow(end: number): boolean {
    const { isRow, separator } = this.#dialect;
    if (isRow === undefined || this.#lineEnd(this.#at) >= end) return false;
    // Skips the last line, which has the end of the quoted cell and the cells after it.
    const lines = this.#text
      .slice(this.#at, end)
      .split(/\r\n|\n|\r/u)
      .slice(0, -1);
    return lines.some((line) => isRow(line.split(separator)));
  }

  /** End of the line that `start` is in; the end of the text if none has arrived. */
  #lineEnd(start: number): number {
    return Math.min(this.#find('\n', start), this.#find('\r', start), this.#text.length);
  }

  /** Tells whether a line end is complete; a CR at the end of the text may be half of one. */
  #isWhole(end: number): boolean {
    if (this.#isEnd) return true;
    return end < this.#text.length - 1 || (end < this.#text.length && this.#text[end] === '\n');
  }

  #find(character: '\n' | '\r' | '"', start: number): number {
    const next = this.#next[character];
    if (start < next.from || start > next.at) {
      const found = this.#text.indexOf(character, start);
      next.from = start;
      next.at = found === -1 ? Infinity : found;
    }
    return next.at;
  }
}

/** Counts LF, CRLF and CR in the text. */
export function countLineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  if (!text.includes('\r')) return count;
  for (let at = text.indexOf('\r'); at !== -1; at = text.indexOf('\r', at + 1))
    if (text[at + 1] !== '\n') count++;
  return count;
}
