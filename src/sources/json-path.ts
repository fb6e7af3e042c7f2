// A path into JSON, such as `data.items[0].url`: only what the list API and jsonl lists need.

import { SpillwayError } from '../model/errors.ts';

export type JsonPath = readonly (string | number)[];

/**
 * Parses `a.b`, `a[0]`, `a["odd key"]`, with or without a leading `$`; '' and `$` mean the whole value.
 * @throws SpillwayError ERR_OPTION
 */
export function parseJsonPath(text: string): JsonPath {
  const path: (string | number)[] = [];
  let rest = text.startsWith('$') ? text.slice(1) : text === '' || text.startsWith('[') ? text : `.${text}`;
  while (rest !== '') {
    const match = /^(?:\.([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\])/u.exec(rest);
    if (match === null) {
      throw new SpillwayError(
        'ERR_OPTION',
        `expected a JSON path such as data.items[0].url, found "${text}"`,
      );
    }
    const [whole, name, position, quoted] = match;
    path.push(position === undefined ? (name ?? (JSON.parse(`"${quoted}"`) as string)) : Number(position));
    rest = rest.slice(whole.length);
  }
  return path;
}

/** The value at `path`; undefined where there is none. Never reads from a prototype. */
export function readJsonPath(value: unknown, path: JsonPath): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string | number, unknown>)[key];
  }
  return at;
}
