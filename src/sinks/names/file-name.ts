// The name a server or a URL suggests for a body: Content-Disposition first, then the URL's last segment. Pure; what
// comes out is not yet safe (safe-name does that).

/**
 * The file name in a Content-Disposition field (RFC 6266): `filename*` in UTF-8 or ISO-8859-1 (RFC 8187) before
 * `filename`, quoted or not. Undefined where there is none.
 */
export function dispositionName(field: string): string | undefined {
  const extended = /(?:^|;)\s*filename\*\s*=\s*([\w-]+)'[^']*'([^;\s]+)/iu.exec(field);
  if (extended !== null) {
    const decoded = decodeExtended(extended[1] as string, extended[2] as string);
    if (decoded !== undefined && decoded !== '') return decoded;
  }
  const quoted = /(?:^|;)\s*filename\s*=\s*"((?:[^"\\]|\\.)*)"/iu.exec(field);
  if (quoted !== null) {
    // Windows paths come unescaped (`C:\dir\a.txt`); only a quote and a backslash are worth an escape.
    return emptyToUndefined(utf8FromLatin1((quoted[1] as string).replace(/\\(["\\])/gu, '$1')));
  }
  const token = /(?:^|;)\s*filename\s*=\s*([^;"]+)/iu.exec(field);
  return token === null ? undefined : emptyToUndefined(utf8FromLatin1((token[1] as string).trim()));
}

/** The last segment of the URL's path, percent-decoded; '' for a path that ends with a slash. */
export function lastSegment(url: string): string {
  const end = url.search(/[?#]/u);
  const path = end === -1 ? url : url.slice(0, end);
  const start = path.indexOf('//') + 2;
  const slash = path.lastIndexOf('/');
  return slash < start ? '' : decodePercent(path.slice(slash + 1));
}

function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function decodeExtended(charset: string, value: string): string | undefined {
  const isLatin1 = /^iso-8859-1$/iu.test(charset);
  if (!isLatin1 && !/^utf-?8$/iu.test(charset)) return undefined;
  if (!isLatin1) {
    try {
      return decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return value.replace(/%([0-9a-f]{2})/giu, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** Header bytes arrive one character each; many servers put UTF-8 there. */
function utf8FromLatin1(text: string): string {
  // oxlint-disable-next-line no-control-regex -- the range of one byte is meant
  if (!/^[\u0000-\u00ff]*$/u.test(text) || !/[\u0080-\u00ff]/u.test(text)) return text;
  const decoded = Buffer.from(text, 'latin1').toString('utf8');
  return decoded.includes('\ufffd') ? text : decoded;
}

function emptyToUndefined(text: string): string | undefined {
  return text === '' ? undefined : text;
}
