// An answer's header fields over its raw bytes, made into strings only when the engine asks.

import type { HeaderView } from '../lane.ts';
import { COLON, CR, HTAB, SP } from './wire-grammar.ts';

const LETTER_O = 0x4f;
const LETTER_K = 0x4b;

/** Reused for every answer of a connection; valid only during the `onHead` that it was given to. */
export class WireHeaderView implements HeaderView {
  isCoded = false;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** The whole head, one character for each byte. */
  #text: string | undefined;
  /** What `get` found, kept where the same head is likely to serve many answers. */
  readonly #found = new Map<string, string | undefined>();
  /** The same of `first`. */
  readonly #foundFirst = new Map<string, string | undefined>();
  #isKept = false;

  /**
   * Shows another head, whose bytes the parser has checked.
   * @param start the status line's first byte; `end` is after the empty line
   * @param isKept the bytes stay the same until the next `show`, which many answers share
   */
  show(bytes: Buffer, start: number, end: number, isKept = false): void {
    this.#isKept = isKept;
    if (this.#found.size > 0) this.#found.clear();
    if (this.#foundFirst.size > 0) this.#foundFirst.clear();
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#text = undefined;
  }

  get(name: string): string | undefined {
    return this.#findOnce(name, false, this.#found);
  }

  first(name: string): string | undefined {
    return this.#findOnce(name, true, this.#foundFirst);
  }

  #findOnce(name: string, isFirst: boolean, found: Map<string, string | undefined>): string | undefined {
    if (!this.#isKept) return this.#find(name, isFirst);
    let value = found.get(name);
    if (value !== undefined || found.has(name)) return value;
    value = this.#find(name, isFirst);
    found.set(name, value);
    return value;
  }

  /** @param isFirst leave alone what other fields of that name say */
  #find(name: string, isFirst: boolean): string | undefined {
    const text = this.#read();
    let joined: string | undefined;
    for (let at = text.indexOf('\n') + 1; at < text.length; ) {
      const next = text.indexOf('\n', at) + 1;
      // Compares the length first, because few fields have the same.
      if (text.charCodeAt(at + name.length) === COLON && isNamed(text, at, name)) {
        const value = text.slice(valueStart(text, at + name.length + 1), next - 2);
        if (isFirst) return value;
        joined = joined === undefined ? value : `${joined}, ${value}`;
      }
      at = next;
    }
    return joined;
  }

  entries(): [name: string, value: string][] {
    // A new list for each answer, so that the caller may keep it.
    return readEntries(this.#read());
  }

  later(): () => [name: string, value: string][] {
    const text = this.#read();
    return () => readEntries(text);
  }

  reason(): string {
    // Skips `HTTP/1.1 200 `, whose length the parser has checked.
    const start = this.#start + 13;
    const bytes = this.#bytes;
    if (bytes[start] === LETTER_O && bytes[start + 1] === LETTER_K && bytes[start + 2] === CR) return 'OK';
    return bytes.toString('latin1', start, bytes.indexOf(CR, start));
  }

  #read(): string {
    this.#text ??= this.#bytes.toString('latin1', this.#start, this.#end);
    return this.#text;
  }
}

function readEntries(text: string): [name: string, value: string][] {
  const lines = text.split('\r\n');
  const entries: [string, string][] = [];
  for (let index = 1; index < lines.length - 2; index++) {
    const line = lines[index] as string;
    const colon = line.indexOf(':');
    entries.push([line.slice(0, colon).toLowerCase(), line.slice(valueStart(line, colon + 1))]);
  }
  return entries;
}

/** Whether the field at `at` has this name, in any case; its length is already known to be equal. */
function isNamed(text: string, at: number, name: string): boolean {
  return text.startsWith(name, at) || text.slice(at, at + name.length).toLowerCase() === name;
}

/** Skips space and tab only: `trimStart` would also take a no-break space, which belongs to the value. */
function valueStart(text: string, from: number): number {
  let start = from;
  while (text.charCodeAt(start) === SP || text.charCodeAt(start) === HTAB) start++;
  return start;
}
