// Bytes become lines, in groups, with a bound on a line's length: a list without line ends must not fill the memory.

/** Longer lines are given back as null; no URL that a server takes is as long. */
export const MAX_LINE_BYTES = 64 * 1024;

const LF = 0x0a;
const BOM = '\ufeff';

/** Lines `first`, `first + 1` …; null for one that is too long. */
export interface LineGroup {
  readonly first: number;
  readonly lines: readonly (string | null)[];
}

/** Splits at LF or CRLF, drops a byte order mark, and gives a last line without its end, too. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<LineGroup> {
  let first = 1;
  let held: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(LF);
    if (end === -1) {
      isTooLong ||= held.length + chunk.length > MAX_LINE_BYTES;
      held = isTooLong ? Buffer.alloc(0) : Buffer.concat([held, chunk]);
      continue;
    }
    const lines = splitLines(Buffer.concat([held, chunk.subarray(0, end)]), first);
    if (isTooLong) lines[0] = null;
    yield { first, lines };
    first += lines.length;
    held = Buffer.from(chunk.subarray(end + 1));
    isTooLong = held.length > MAX_LINE_BYTES;
  }
  if (isTooLong) yield { first, lines: [null] };
  else if (held.length > 0) yield { first, lines: splitLines(held, first) };
}

function splitLines(bytes: Buffer, first: number): (string | null)[] {
  const lines: (string | null)[] = bytes.toString().split('\n');
  for (const [at, line] of lines.entries()) {
    if (line === null) continue;
    if (line.length > MAX_LINE_BYTES) lines[at] = null;
    else if (line.endsWith('\r')) lines[at] = line.slice(0, -1);
  }
  const [top] = lines;
  if (first === 1 && typeof top === 'string' && top.startsWith(BOM)) lines[0] = top.slice(1);
  return lines;
}
