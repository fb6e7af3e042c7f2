// Fits a line into a terminal of any width: keeps the order of its parts and drops the least important ones
// first.

export interface LinePart {
  readonly text: string;
  /** 0 for a part that must be shown; parts with the highest rank are dropped first. */
  readonly rank: number;
}

/** @param columns width of the terminal; a part that must be shown and does not fit is cut */
export function fitLine(parts: readonly LinePart[], columns: number, separator = ' · '): string {
  let kept = parts.filter(({ text }) => text !== '');
  for (;;) {
    const line = kept.map(({ text }) => text).join(separator);
    const lowest = Math.max(...kept.map(({ rank }) => rank));
    if (line.length <= columns || kept.length < 2 || lowest === 0) return cutTo(line, columns);
    const at = kept.findLastIndex(({ rank }) => rank === lowest);
    kept = kept.filter((_, index) => index !== at);
  }
}

export function cutTo(text: string, columns: number): string {
  return text.length > columns ? `${text.slice(0, Math.max(1, columns - 1))}…` : text;
}

/** Breaks text between words into at most `maxLines` lines. */
export function wrapTo(text: string, columns: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > columns && lines.length < maxLines - 1) {
    const space = rest.lastIndexOf(' ', columns);
    const end = space > 2 ? space : columns;
    lines.push(rest.slice(0, end));
    rest = `  ${rest.slice(end).trimStart()}`;
  }
  return [...lines, cutTo(rest, columns)];
}
