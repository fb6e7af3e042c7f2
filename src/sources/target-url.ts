// Turns text from a source into a target's URL, or a reason why it is not one. Pure.

import { SpillwayError } from '../model/errors.ts';
import { withoutLogins } from '../model/shown-url.ts';

/** Characters shown of a bad line. */
const SHOWN_CHARACTERS = 200;

export type ReadUrl = { readonly url: string } | { readonly reason: string };

/** Characters that a URL never contains; `URL` silently drops some of them and joins the text around them. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const ODD = /[\s\0\u0085\ufeff\ufffd]/u;
// oxlint-disable-next-line no-control-regex -- as above
const DROPPED = /[\t\r\n\0]/u;
const SECOND_URL = /^https?:\/\/.*[\s\u0085\ufeff]https?:\/\//isu;

/** An absolute http or https URL, normalised and without its fragment; `base` resolves relative ones. */
export function readUrl(text: string, base?: string): ReadUrl {
  const reason = ODD.test(text) ? whyOdd(text) : null;
  if (reason !== null) return { reason };
  const url = URL.parse(text, base);
  if (url === null) {
    return { reason: `expected an absolute http or https URL, found ${JSON.stringify(shorten(text))}` };
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    // In a login without a scheme, the text before its colon is a user name.
    const shown = shorten(text);
    const found = shown.toLowerCase().startsWith(url.protocol) ? url.protocol : shown;
    return { reason: `expected http or https, found ${JSON.stringify(found)}` };
  }
  const { href } = url;
  if (!href.includes('#')) return { url: href };
  // Also removes an empty fragment, which `hash` does not show.
  url.hash = '';
  return { url: url.href };
}

function whyOdd(text: string): string | null {
  if (text.includes('\ufffd')) return 'expected UTF-8, found other bytes';
  if (SECOND_URL.test(text)) return `expected one URL, found more: ${JSON.stringify(shorten(text))}`;
  const found = DROPPED.exec(text)?.[0];
  if (found === undefined) return null;
  return `expected a URL without control characters, found ${JSON.stringify(found)} in it`;
}

/** The beginning of a line, for a person. Removes its login first, before the line is shortened. */
export function shorten(text: string): string {
  const shown = withoutLogins(text);
  return shown.length <= SHOWN_CHARACTERS ? shown : `${shown.slice(0, SHOWN_CHARACTERS)}…`;
}

/** The error for a source that cannot be read further: names it, and says what to do. */
export function sourceError(name: string, problem: string, cause?: unknown): SpillwayError {
  return new SpillwayError('ERR_SOURCE', `${name}: ${problem}`, { cause });
}
