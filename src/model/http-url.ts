// Parses text that should be an absolute http or https URL. Pure.

/** The URL; null when `text`, relative to `base`, is no URL or has another scheme. */
export function parseHttpUrl(text: string, base?: string): URL | null {
  const url = URL.parse(text, base);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}
