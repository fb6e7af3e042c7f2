// A table before it becomes Markdown or HTML, so that both show the same.

import { element, type Markup } from './markup.ts';
import { escapeMarkdown } from './escape.ts';

export interface Column {
  readonly title: string;
  /** Numbers are aligned right. @default false */
  readonly isNumber?: boolean;
  /** Whole sentences, which stay wide on a narrow screen. @default false */
  readonly isLong?: boolean;
}

export interface TableGroup {
  /** A heading above these rows; null for none. */
  readonly title: string | null;
  readonly rows: readonly (readonly string[])[];
}

export interface ReportTable {
  /** Says what the table is about; unique on a page. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly groups: readonly TableGroup[];
}

/** A table with one group that has no heading. */
export function plainTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): ReportTable {
  return { caption, columns, groups: [{ title: null, rows }] };
}

/**
 * A table as HTML. The first cell of each row is its heading. Wide tables scroll in a box that the keyboard
 * can reach.
 */
export function htmlTable({ caption, columns, groups }: ReportTable): Markup {
  const head = columns.map(({ title, isNumber }) =>
    element('th', { scope: 'col', class: isNumber === true ? 'number' : null }, title),
  );
  const bodies = groups.map(({ title, rows }) =>
    element(
      'tbody',
      {},
      title === null
        ? null
        : element(
            'tr',
            { class: 'group' },
            element('th', { scope: 'rowgroup', colspan: columns.length }, element('span', {}, title)),
          ),
      ...rows.map((row) =>
        element('tr', {}, ...row.map((cell, index) => htmlCell(cell, index, columns[index]))),
      ),
    ),
  );
  return element(
    'div',
    { class: 'table', role: 'region', tabindex: 0, 'aria-label': caption },
    element(
      'table',
      {},
      element('caption', {}, element('span', {}, caption)),
      element('thead', {}, element('tr', {}, ...head)),
      ...bodies,
    ),
  );
}

/** Longer names are broken into lines, to leave room for the figures. */
const LONG_NAME_LENGTH = 24;

function htmlCell(cell: string, index: number, column: Column | undefined): Markup {
  const { isNumber = false, isLong = false } = column ?? {};
  if (index === 0) {
    return element('th', { scope: 'row', class: cell.length > LONG_NAME_LENGTH ? 'long-name' : null }, cell);
  }
  return element('td', { class: isNumber ? 'number' : isLong ? 'long' : null }, cell);
}

export function markdownTable({ columns, groups }: ReportTable): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  const rows = groups.flatMap(({ title, rows }) => [
    ...(title === null ? [] : [`| **${escapeMarkdown(title)}** |${' |'.repeat(columns.length - 1)}`]),
    ...rows.map(line),
  ]);
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ isNumber }) => (isNumber === true ? '--:' : '---')).join('|')}|`,
    ...rows,
  ].join('\n');
}
