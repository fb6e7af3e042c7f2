// A URL as it may be shown and kept: without its login. What is no URL may be one with a mistake in it, so that rather
// more is left out of it than less. Pure.

import { parseHttpUrl } from './http-url.ts';

const LOGIN = /\/\/[^\s/?#]*@/gu;
/** What text begins with that somebody took for a URL, up to its login's end: blanks and slashes may be of a password. */
const OPENING = /^([^\s:@/]*:?\/\/|[^\s:@]+:(?=\S))[^@]*@(?:\S*@)?/u;
/** A beginning that holds no login: no colon but that of a scheme, or after the name of a field. */
const SCHEME = /^(?:[^:]|(?<="):)*:?\/\/$/u;

/** True when the URL, or what was taken for one, has a user name or a password in it. Cheap where it has none. */
export function holdsLogin(text: string): boolean {
  if (!text.includes('@')) return false;
  const url = parseHttpUrl(text);
  return url === null ? withoutLogins(text) !== text : hasLogin(url);
}

/** The URL without its login; of text that is none, without whatever could be one. */
export function shownUrl(text: string): string {
  if (!text.includes('@')) return text;
  const url = parseHttpUrl(text);
  if (url === null) return withoutLogins(text);
  return hasLogin(url) ? shownHref(url) : text;
}

/** The same of one that is parsed. */
export function shownHref(url: URL): string {
  if (!hasLogin(url)) return url.href;
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** Each pass is linear; text that a few of them do not bring to rest loses all up to its last `@`. */
const MAX_PASSES = 16;
/** Longer text is no URL for a person: looked through word by word it would only take time. */
const MAX_CHARACTERS = 65_536;

/**
 * Text that may hold URLs, or what somebody took for one, without whatever could be a login in it: in a word all up to
 * its last `@` that has a colon or two slashes before it. A whole URL loses its login alone. Given what it returned, it
 * changes nothing. Its work grows with the length of the text, and no faster.
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

/** What somebody gave for a URL, to tell what is wrong with it: that it has a login or a query shows, neither of them. */
export function maskedUrl(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/isu, '$1…@').replace(/[?#].*/su, '?…');
}

function hasLogin({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** Parameters of a URL or list API that are taken to hold a credential: they are neither kept nor shown. */
const SECRET_NAME = /key|token|secret|pass|auth|sig|session|credential/iu;

/** True when a parameter of this name may hold a credential. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
