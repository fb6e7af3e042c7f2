// A line of a terminal of any width: its parts in their order, and of those that do not fit the least important go first.

export interface LinePart {
  readonly text: string;
  /** 0 for what must be there; the highest go first. */
  readonly rank: number;
}

/** @param columns that the terminal has; what must be there and does not fit is cut */
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

/** The text in as many lines as it takes, at most `maxLines`, broken between words. */
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
