// Shows and stores URLs without their login. Text that is no URL may be one with a typing error, so more is
// removed from it rather than less. Pure.

import { parseHttpUrl } from './http-url.ts';

const LOGIN = /\/\/[^\s/?#]*@/gu;
/**
 * The beginning of text that somebody took for a URL, up to the end of its login; a password may have blanks
 * and slashes.
 */
const OPENING = /^([^\s:@/]*:?\/\/|[^\s:@]+:(?=\S))[^@]*@(?:\S*@)?/u;
/** A beginning without a login: no colon except that of a scheme, or after the name of a field. */
const SCHEME = /^(?:[^:]|(?<="):)*:?\/\/$/u;

/** True when the URL, or what was taken for one, has a user name or a password. Cheap when it has none. */
export function holdsLogin(text: string): boolean {
  if (!text.includes('@')) return false;
  const url = parseHttpUrl(text);
  return url === null ? withoutLogins(text) !== text : hasLogin(url);
}

/** The URL without its login; text that is no URL without anything that could be a login. */
export function shownUrl(text: string): string {
  if (!text.includes('@')) return text;
  const url = parseHttpUrl(text);
  if (url === null) return withoutLogins(text);
  return hasLogin(url) ? shownHref(url) : text;
}

/** The same for a parsed URL. */
export function shownHref(url: URL): string {
  if (!hasLogin(url)) return url.href;
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** Each pass is linear. Text that still changes after this many loses everything up to its last `@`. */
const MAX_PASSES = 16;
/** Longer text is not searched word by word, which would only take time: it is no URL for a person. */
const MAX_CHARACTERS = 65_536;

/**
 * Text that may hold URLs, or what somebody took for one, without anything that could be a login: in each
 * word, everything up to its last `@` that has a colon or two slashes before it. A whole URL loses only its
 * login. Applying it twice changes nothing more. The work is linear in the length of the text.
 */
export function withoutLogins(text: string): string {
  if (!text.includes('@')) return text;
  if (text.length > MAX_CHARACTERS) return afterLogins(text);
  let shown = text;
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = shown;
    shown = cutOnce(before);
    if (shown === before) return shown;
  }
  return afterLogins(shown);
}

function cutOnce(text: string): string {
  if (!text.includes('@')) return text;
  return parseHttpUrl(text) === null ? cutWords(cutOpening(text)) : shownUrl(text.replaceAll(LOGIN, '//'));
}

function afterLogins(text: string): string {
  return text.slice(text.lastIndexOf('@') + 1);
}

function cutOpening(text: string): string {
  return text.replace(OPENING, (_, opening: string) => (opening.endsWith('//') ? opening : ''));
}

function cutWords(text: string): string {
  return text.replaceAll(/\S+/gu, (word) => {
    const login = word.slice(0, Math.max(0, word.lastIndexOf('@')));
    const slashes = login.indexOf('//');
    if (slashes === -1 && !login.includes(':')) return word;
    const scheme = login.slice(0, slashes + 2);
    return (slashes !== -1 && SCHEME.test(scheme) ? scheme : '') + word.slice(login.length + 1);
  });
}

/**
 * What somebody gave as a URL, for a message about it: shows that it has a login or a query, but not their
 * content.
 */
export function maskedUrl(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/isu, '$1…@').replace(/[?#].*/su, '?…');
}

function hasLogin({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** Parameters of a URL or list API that may hold a credential: they are neither kept nor shown. */
const SECRET_NAME = /key|token|secret|pass|auth|sig|session|credential/iu;

/** True when a parameter of this name may hold a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
