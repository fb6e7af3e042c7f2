// Reads which page of the list a request asks for, from its form, JSON body or query string. Pure.

/** Ids on a page when the request does not say. */
const DEFAULT_PER_PAGE = 3;

export interface Page {
  /** Files to skip. */
  readonly start: number;
  readonly perPage: number;
}

/**
 * @returns the page, with `perPage` capped at `maxPerPage`, or a message saying what is wrong with the
 * request
 */
export function parsePage(
  query: unknown,
  body: unknown,
  maxPerPage: number,
): Page | { readonly problem: string } {
  const fields = body ?? {};
  if (typeof fields !== 'object' || Array.isArray(fields)) {
    return { problem: 'expected a form or a JSON object with start and per_page, found another JSON value' };
  }
  const read = (name: string): unknown =>
    (fields as Record<string, unknown>)[name] ?? (query as Record<string, unknown>)[name];
  const start = wholeNumber(read('start') ?? 0);
  if (start === undefined) return { problem: expected('start', 'at least 0', read('start')) };
  const perPage = wholeNumber(read('per_page') ?? Math.min(DEFAULT_PER_PAGE, maxPerPage));
  if (perPage === undefined || perPage === 0) {
    return { problem: expected('per_page', 'at least 1', read('per_page')) };
  }
  return { start, perPage: Math.min(perPage, maxPerPage) };
}

function expected(name: string, range: string, found: unknown): string {
  return `${name}: expected one integer of ${range}, found ${JSON.stringify(found)}`;
}

function wholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

/** Parses a form. A field given twice becomes an array, which every reader of fields refuses. */
export function parseForm(text: string): Record<string, string | string[]> {
  const form = new URLSearchParams(text);
  const fields: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const name of new Set(form.keys())) {
    const values = form.getAll(name);
    fields[name] = values.length === 1 ? (values[0] as string) : values;
  }
  return fields;
}
