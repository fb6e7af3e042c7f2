// The name that a URL suggests for a body. Pure; what comes out is not yet safe (safe-name does that).

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
