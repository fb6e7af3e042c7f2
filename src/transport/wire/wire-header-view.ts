// An answer's header fields over its raw bytes, made into strings only when the engine asks.

import type { HeaderView } from '../lane.ts';
import { COLON, CR, HTAB, SP } from './wire-grammar.ts';

const LETTER_O = 0x4f;
const LETTER_K = 0x4b;

/** Reused for every answer of a connection; what it shows ends with the `onHead` it was given to. */
export class WireHeaderView implements HeaderView {
  isCoded = false;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  /** The whole head, one character a byte. */
  #text: string | undefined;
  /** What `get` found, where the same head is likely to be shown for many answers. */
  readonly #found = new Map<string, string | undefined>();
  #isKept = false;

  /**
   * @param start the status line's first byte; `end` is behind the empty line. The bytes were checked by the parser
   * @param isKept the bytes stay as they are until the next `show`, and many answers are shown by this one
   */
  show(bytes: Buffer, start: number, end: number, isKept = false): void {
    this.#isKept = isKept;
    if (this.#found.size > 0) this.#found.clear();
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#text = undefined;
  }

  get(name: string): string | undefined {
    if (!this.#isKept) return this.#find(name);
    let value = this.#found.get(name);
    if (value !== undefined || this.#found.has(name)) return value;
    value = this.#find(name);
    this.#found.set(name, value);
    return value;
  }

  #find(name: string): string | undefined {
    const text = this.#read();
    let joined: string | undefined;
    for (let at = text.indexOf('\n') + 1; at < text.length; ) {
      const next = text.indexOf('\n', at) + 1;
      // The length is compared first: few fields have the same.
      if (text.charCodeAt(at + name.length) === COLON && isNamed(text, at, name)) {
        const value = text.slice(valueStart(text, at + name.length + 1), next - 2);
        joined = joined === undefined ? value : `${joined}, ${value}`;
      }
      at = next;
    }
    return joined;
  }

  entries(): [name: string, value: string][] {
    // A list of its own for each answer, so whoever asked may keep it.
    return readEntries(this.#read());
  }

  later(): () => [name: string, value: string][] {
    const text = this.#read();
    return () => readEntries(text);
  }

  reason(): string {
    // `HTTP/1.1 200 ` stands before it; the parser has counted these bytes.
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

/** Whether the field that begins at `at` has this name, whatever its case; its length was compared. */
function isNamed(text: string, at: number, name: string): boolean {
  return text.startsWith(name, at) || text.slice(at, at + name.length).toLowerCase() === name;
}

/** Space and tab alone: `trimStart` would take a no-break space, which is a byte of the value. */
function valueStart(text: string, from: number): number {
  let start = from;
  while (text.charCodeAt(start) === SP || text.charCodeAt(start) === HTAB) start++;
  return start;
}
