// Text that is to be an absolute http or https URL. Pure.

/** The URL; null where `text`, seen from `base`, is none, or one of another scheme. */
export function parseHttpUrl(text: string, base?: string): URL | null {
  const url = URL.parse(text, base);
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}
