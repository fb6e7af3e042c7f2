// The columns of a table, from its first row: their names, which one is wanted, and whether that row is a header.
// Pure.

/** The start of a URL, whatever its scheme. */
const URL_START = /^\s*(?:[a-z][a-z0-9+.-]*:)?\/\//iu;
/** In the order in which they are tried. */
const SEPARATORS = [',', ';', '\t', '|'] as const;

export function startsLikeUrl(text: string | undefined): boolean {
  return text !== undefined && URL_START.test(text);
}

export class Table {
  /** In lower case; without a `#` before the first. */
  readonly names: readonly string[];
  /** Position of the wanted column; -1 if no column has the name. */
  readonly column: number;
  readonly isHeader: boolean;
  /** The row is taken for a header because it has no URL where one should be. */
  readonly isGuess: boolean;

  /** @param field name or number of the wanted column; undefined for a column named url, or else the first */
  constructor(firstRow: readonly string[], field: string | undefined) {
    this.names = headerNames(firstRow);
    const isNumber = field !== undefined && /^\d+$/u.test(field);
    const named = isNumber ? -1 : this.names.indexOf((field ?? 'url').toLowerCase());
    this.column = isNumber ? Number(field) - 1 : field === undefined ? Math.max(0, named) : named;
    this.isGuess = named === -1 && !startsLikeUrl(firstRow[this.column]);
    this.isHeader = named !== -1 || this.isGuess;
  }

  /** The cell of a column by its name, or by its number from 1. */
  cellOf(cells: readonly string[], field: string): string | undefined {
    return cells[/^\d+$/u.test(field) ? Number(field) - 1 : this.names.indexOf(field.toLowerCase())];
  }

  /** True for a line that is surely a row: as many cells as the first, and a URL where one should be. */
  isRow(cells: readonly string[]): boolean {
    return cells.length > 1 && cells.length === this.names.length && startsLikeUrl(cells[this.column]);
  }

  /** True for a line of one cell that begins with `#`, or a row whose wanted cell does; elsewhere a `#` is data. */
  isComment(cells: readonly string[]): boolean {
    if (cells[0]?.trimStart().startsWith('#') !== true) return false;
    return cells.length < this.names.length || cells[this.column]?.trimStart().startsWith('#') === true;
  }
}

export function headerNames(row: readonly string[]): string[] {
  return row.map((cell, at) => (at === 0 ? cell.replace(/^\s*#/u, '') : cell).trim().toLowerCase());
}

/**
 * Finds the separator of a table by its first line: prefers one that gives a column of the wanted name, then one
 * that gives a cell with a URL, then any that occurs.
 */
export function findSeparator(line: string, field: string | undefined): string {
  const wanted = field === undefined || /^\d+$/u.test(field) ? 'url' : field.toLowerCase();
  let best = { separator: ',' as string, score: 1 };
  for (const separator of SEPARATORS) {
    const cells = line.split(separator).map((cell) => cell.trim().replaceAll(/^"|"$/gu, ''));
    if (cells.length === 1) continue;
    const score = headerNames(cells).includes(wanted) ? 4 : cells.some(startsLikeUrl) ? 3 : 2;
    if (score > best.score) best = { separator, score };
  }
  return best.separator;
}
