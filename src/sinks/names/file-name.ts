// The name that a URL suggests for a body. Pure; the result is not yet a safe name (safe-name.ts makes it one).

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
