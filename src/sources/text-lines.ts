// Splits text into lines, in groups, with a bound on a line's length: a list without line ends must not fill the
// memory.

const BOM = '\ufeff';

/** Lines `first`, `first + 1` …; null for a line that is too long. */
export interface LineGroup {
  readonly first: number;
  readonly lines: readonly (string | null)[];
}

/**
 * Splits at LF, CRLF and CR, drops a byte order mark at the start of a line (lists that were joined have one in the
 * middle), and also yields a last line without a line end.
 */
export async function* readLines(
  texts: AsyncIterable<string>,
  maxCharacters: number,
): AsyncGenerator<LineGroup> {
  let first = 1;
  let held = '';
  let isTooLong = false;
  for await (const text of texts) {
    // A CR at the end may be the first half of a CRLF.
    const isHalfEnd = text.endsWith('\r');
    const lines: (string | null)[] = splitLines(held + (isHalfEnd ? text.slice(0, -1) : text));
    const rest = lines.pop() ?? '';
    if (lines.length > 0) {
      markLong(lines, maxCharacters);
      if (isTooLong) lines[0] = null;
      isTooLong = false;
      yield { first, lines };
      first += lines.length;
    }
    isTooLong ||= rest.length > maxCharacters;
    held = (isTooLong ? '' : rest) + (isHalfEnd ? '\r' : '');
  }
  const last = held.endsWith('\r') ? held.slice(0, -1) : held;
  if (isTooLong) yield { first, lines: [null] };
  else if (held !== '') yield { first, lines: [withoutMark(last)] };
}

function splitLines(text: string): string[] {
  return (text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text).split('\n');
}

function markLong(lines: (string | null)[], maxCharacters: number): void {
  for (const [at, line] of lines.entries()) {
    if (line === null || line.length > maxCharacters) lines[at] = null;
    else if (line.startsWith(BOM)) lines[at] = withoutMark(line);
  }
}

function withoutMark(line: string): string {
  return line.startsWith(BOM) ? line.slice(1) : line;
}
