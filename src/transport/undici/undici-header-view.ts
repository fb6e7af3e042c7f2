// An answer's header fields as undici gives them, read only when the engine asks.

import type { HeaderView } from '../lane.ts';

type ParsedHeaders = Record<string, string | string[] | undefined>;
/** HTTP/1.1: names and values in turn. HTTP/2: an object. */
type RawHeaders = Buffer[] | string[] | ParsedHeaders | null | undefined;

export class UndiciHeaderView implements HeaderView {
  readonly #parsed: ParsedHeaders;
  readonly #raw: RawHeaders;

  constructor(parsed: ParsedHeaders, raw: RawHeaders) {
    this.#parsed = parsed;
    this.#raw = raw;
  }

  get(name: string): string | undefined {
    if (!Object.hasOwn(this.#parsed, name)) return undefined;
    const value = this.#parsed[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  entries(): [name: string, value: string][] {
    const entries: [string, string][] = [];
    const raw = this.#raw;
    if (Array.isArray(raw)) {
      for (let index = 0; index + 1 < raw.length; index += 2)
        entries.push([text(raw[index]).toLowerCase(), text(raw[index + 1])]);
      return entries;
    }
    for (const [name, value] of Object.entries(this.#parsed)) {
      if (name.startsWith(':') || value === undefined) continue;
      for (const line of Array.isArray(value) ? value : [value]) entries.push([name, line]);
    }
    return entries;
  }
}

function text(field: Buffer | string | undefined): string {
  return typeof field === 'string' ? field : (field?.toString('latin1') ?? '');
}
