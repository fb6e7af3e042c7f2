// A URL as it may be shown and kept: without its login. Pure.

/** True when the URL has a user name or a password in it. Cheap where it has none. */
export function holdsLogin(url: string): boolean {
  if (!url.includes('@')) return false;
  const parsed = URL.parse(url);
  return parsed !== null && (parsed.username !== '' || parsed.password !== '');
}

/** The URL without its login. */
export function shownUrl(text: string): string {
  if (!text.includes('@')) return text;
  const url = URL.parse(text);
  if (url === null || (url.username === '' && url.password === '')) return text;
  url.username = '';
  url.password = '';
  return url.href;
}

/** Text that may hold URLs, or what somebody took for one, without whatever looks like a login in it. */
export function withoutLogins(text: string): string {
  return text.includes('@') ? text.replaceAll(/\/\/[^\s/?#]*@/gu, '//') : text;
}
