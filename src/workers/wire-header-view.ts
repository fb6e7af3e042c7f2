// An answer's header fields over its raw bytes, made into strings only when the engine asks.

import type { HeaderView } from './lane.ts';

/** Reused for every answer of a connection; what it shows ends with the `onHead` it was given to. */
export class WireHeaderView implements HeaderView {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #entries: [name: string, value: string][] | undefined;

  /** @param start the status line's first byte; `end` is behind the empty line. The bytes were checked by the parser. */
  show(bytes: Buffer, start: number, end: number): void {
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#entries = undefined;
  }

  get(name: string): string | undefined {
    let joined: string | undefined;
    for (const [candidate, value] of this.#read())
      if (candidate === name) joined = joined === undefined ? value : `${joined}, ${value}`;
    return joined;
  }

  entries(): [name: string, value: string][] {
    // A list of its own for each answer, so whoever asked may keep it.
    return this.#read();
  }

  reason(): string {
    // `HTTP/1.1 200 ` stands before it; the parser has counted these bytes.
    const start = this.#start + 13;
    return this.#bytes.toString('latin1', start, this.#bytes.indexOf(13, start));
  }

  #read(): [name: string, value: string][] {
    if (this.#entries !== undefined) return this.#entries;
    const lines = this.#bytes.toString('latin1', this.#start, this.#end).split('\r\n');
    const entries: [string, string][] = [];
    for (let index = 1; index < lines.length - 2; index++) {
      const line = lines[index] as string;
      const colon = line.indexOf(':');
      entries.push([line.slice(0, colon).toLowerCase(), withoutLeadingSpace(line, colon + 1)]);
    }
    this.#entries = entries;
    return entries;
  }
}

/** Space and tab alone: `trimStart` would take a no-break space, which is a byte of the value. */
function withoutLeadingSpace(line: string, from: number): string {
  let start = from;
  while (line[start] === ' ' || line[start] === '\t') start++;
  return line.slice(start);
}
