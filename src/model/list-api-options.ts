// How a paginated list API is asked and read, and the preset for the mock server. Types and tables only.

/** Which parameter leads from page to page. */
export type Paging = {
  /** Parameter that sets how many items a page has; null leaves that to the server. */
  readonly pageSize: { readonly name: string; readonly count: number } | null;
} & (
  | { /** Counts the items before the page. */ readonly kind: 'offset'; readonly name: string }
  | { /** Numbers the pages. */ readonly kind: 'page'; readonly name: string; readonly first: number }
  | {
      /** The page says what to ask next. */ readonly kind: 'cursor';
      readonly name: string;
      readonly path: string;
    }
  | { /** `Link: <…>; rel=next` is the next page. */ readonly kind: 'link' }
);

/** How the last page is recognised. An empty page is always the last; cursors and links end by themselves. */
export type ListEnd =
  | { readonly kind: 'empty' }
  | { /** true while there is more. */ readonly kind: 'header'; readonly name: string }
  | { /** Holds something while there is more. */ readonly kind: 'field'; readonly path: string };

export interface ListApiOptions {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  /** Where parameters go; a GET always has them in the query. */
  readonly parametersIn: 'query' | 'form' | 'json';
  /** Sent with every page. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly paging: Paging;
  readonly end: ListEnd;
  /** Path of the array of items; '' when the page itself is that array. */
  readonly itemsPath: string;
  /** Template of an item's URL, relative to the list's: `{}` is the item itself, `{a.b}` a field of it. */
  readonly itemUrl: string;
  /** Where a page says how many items the list has; pages are then requested ahead. */
  readonly total:
    | { readonly kind: 'header'; readonly name: string }
    | { readonly kind: 'field'; readonly path: string }
    | null;
  /** How many pages are requested ahead when their number is known, 1 or more. */
  readonly prefetchCount: number;
  /** A list with more pages than this is a failure. */
  readonly maxPages: number;
  /** How many items are remembered to recognise those that appear twice. */
  readonly maxRemembered: number;
}

export interface PageRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly contentType: string | null;
  readonly body: string | null;
}

export interface PageAnswer {
  /** A field of the final response, by lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly body: string;
}

/** Fetches one page, with retries. Rejects with a SpillwayError when the page cannot be fetched. */
export type RequestPage = (request: PageRequest, signal: AbortSignal) => Promise<PageAnswer>;

export const LIST_DEFAULTS: Omit<ListApiOptions, 'url'> = {
  method: 'GET',
  parametersIn: 'query',
  parameters: {},
  paging: { kind: 'offset', name: 'start', pageSize: null },
  end: { kind: 'empty' },
  itemsPath: '',
  itemUrl: '{}',
  total: null,
  prefetchCount: 4,
  maxPages: 100_000,
  maxRemembered: 4_000_000,
};

/** Known list APIs by name. */
export const LIST_PRESETS = {
  /** `spillway serve`: a form with start and per_page, at most 5 ids a page, `More: true` until the end. */
  mock: {
    method: 'POST',
    parametersIn: 'form',
    paging: { kind: 'offset', name: 'start', pageSize: { name: 'per_page', count: 5 } },
    end: { kind: 'header', name: 'more' },
    itemsPath: 'urls',
    itemUrl: 'download/{}',
  },
} as const satisfies Record<string, Partial<ListApiOptions>>;
