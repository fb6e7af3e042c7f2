// A URL as it may be shown and kept: without its login. Pure.

/** True when the URL has a user name or a password in it. Cheap where it has none. */
export function holdsLogin(text: string): boolean {
  if (!text.includes('@')) return false;
  const url = URL.parse(text);
  return url !== null && hasLogin(url);
}

/** The URL without its login; text that is no URL stays as it is. */
export function shownUrl(text: string): string {
  if (!text.includes('@')) return text;
  const url = URL.parse(text);
  return url !== null && hasLogin(url) ? shownHref(url) : text;
}

/** The same of one that is parsed. */
export function shownHref(url: URL): string {
  if (!hasLogin(url)) return url.href;
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  return shown.href;
}

/** Text that may hold URLs, or what somebody took for one, without whatever looks like a login in it. */
export function withoutLogins(text: string): string {
  return text.includes('@') ? text.replaceAll(/\/\/[^\s/?#]*@/gu, '//') : text;
}

function hasLogin({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}
