// Cookies within one chain of redirects (RFC 6265, without what needs memory beyond the chain): a page that
// sets a cookie and redirects to itself, or to a sign-in and back, answers as it would to a browser. They end
// with the attempt.

/** Most cookies of one chain; more are not kept. */
const MAX_COOKIES = 50;
const MAX_COOKIE_CHARS = 4096;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly host: string;
  /** True where hosts below this one get it, too. */
  readonly isShared: boolean;
  readonly path: string;
  readonly isSecure: boolean;
}

export class ChainCookies {
  #cookies: readonly Cookie[] = [];

  /** Takes the cookies of an answer from `url`. @param lines one for each Set-Cookie */
  take(url: URL, lines: readonly string[], nowMs: number = Date.now()): void {
    for (const line of lines) {
      if (line.length > MAX_COOKIE_CHARS) continue;
      const [cookie, isGone] = parse(line, url, nowMs);
      if (cookie === null) continue;
      const others = this.#cookies.filter((other) => !isSame(other, cookie));
      this.#cookies = isGone ? others : [...others, cookie].slice(-MAX_COOKIES);
    }
  }

  /** The value of Cookie for a request to `url`; null for no cookie. */
  fieldFor(url: URL): string | null {
    const fitting = this.#cookies
      .filter((cookie) => isFor(cookie, url))
      .toSorted((one, other) => other.path.length - one.path.length);
    return fitting.length === 0 ? null : fitting.map(({ name, value }) => `${name}=${value}`).join('; ');
  }
}

function isSame(one: Cookie, other: Cookie): boolean {
  return one.name === other.name && one.host === other.host && one.path === other.path;
}

function isFor({ host, isShared, path, isSecure }: Cookie, url: URL): boolean {
  if (isSecure && url.protocol !== 'https:') return false;
  if (url.hostname !== host && !(isShared && url.hostname.endsWith(`.${host}`))) return false;
  const { pathname } = url;
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

/**
 * Parses a Set-Cookie line into a cookie and whether the line removes it. Null where it sets none for this
 * host.
 */
function parse(line: string, url: URL, nowMs: number): [cookie: Cookie | null, isGone: boolean] {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(0, equals)).trim();
  const value = pair.slice(equals + 1).trim();
  // Skips a cookie that a request could not carry in one field.
  if (name === '' || !isPrintable(name) || !isPrintable(value)) return [null, false];
  let host = url.hostname;
  let isShared = false;
  let path = url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf('/')));
  let isSecure = false;
  let expiresAtMs: number | null = null;
  let maxAgeSec: number | null = null;
  for (const attribute of attributes) {
    const [key = '', ...rest] = attribute.split('=');
    const text = rest.join('=').trim();
    switch (key.trim().toLowerCase()) {
      case 'domain': {
        const domain = text.replace(/^\./u, '').toLowerCase();
        if (domain === '' || domain === url.hostname) isShared = isShared || domain !== '';
        else if (domain.includes('.') && url.hostname.endsWith(`.${domain}`))
          [host, isShared] = [domain, true];
        else return [null, false];
        break;
      }
      case 'path':
        if (text.startsWith('/')) path = text;
        break;
      case 'secure':
        isSecure = true;
        break;
      case 'max-age':
        if (/^-?\d{1,15}$/u.test(text)) maxAgeSec = Number(text);
        break;
      case 'expires':
        expiresAtMs = Date.parse(text);
        break;
      default:
    }
  }
  const isGone = maxAgeSec === null ? expiresAtMs !== null && expiresAtMs <= nowMs : maxAgeSec <= 0;
  return [{ name, value, host, isShared, path, isSecure }, isGone];
}

function isPrintable(text: string): boolean {
  return /^[\t\u0020-\u007e\u0080-\u00ff]*$/u.test(text);
}
