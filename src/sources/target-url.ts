// Text from a source becomes a target's URL, or a reason that it is none. Pure.

import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';

/** What is shown of a bad line. */
const SHOWN_CHARACTERS = 200;

export type ReadUrl = { readonly url: string } | { readonly reason: string };

/** An absolute http or https URL, normalised and without its fragment; `base` resolves relative ones. */
export function readUrl(text: string, base?: string): ReadUrl {
  if (text.includes('\ufffd')) return { reason: 'expected UTF-8, found other bytes' };
  const url = URL.parse(text, base);
  if (url === null) {
    return { reason: `expected an absolute http or https URL, found ${JSON.stringify(shorten(text))}` };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    // Of a login without a scheme, what stands before its colon is a user name.
    const shown = shorten(text);
    const found = shown.toLowerCase().startsWith(url.protocol) ? url.protocol : shown;
    return { reason: `expected http or https, found ${JSON.stringify(found)}` };
  }
  if (url.hash !== '') url.hash = '';
  return { url: url.href };
}

/** The beginning of a line, for a person: without its login, which is looked for before the line loses its end. */
export function shorten(text: string): string {
  const shown = withoutLogins(text);
  return shown.length <= SHOWN_CHARACTERS ? shown : `${shown.slice(0, SHOWN_CHARACTERS)}…`;
}

/** The source cannot be read on: named, with what to do. */
export function sourceError(name: string, problem: string, cause?: unknown): SpillwayError {
  return new SpillwayError('ERR_SOURCE', `${name}: ${problem}`, { cause });
}
