// One page of a list API: its request, and what its answer says. Pure; list-api.ts walks the pages.

import { type JsonPath, parseJsonPath, readJsonPath } from './json-path.ts';
import type { ListApiOptions, PageAnswer, PageRequest } from '../model/list-api-options.ts';
import { shownUrl, withoutLogins } from '../model/shown-url.ts';
import { readUrl, sourceError } from './target-url.ts';

/** A position in the walk: enough to request the next page. */
export interface PagePosition {
  /** Pages before this one. */
  readonly pageIndex: number;
  /** Items before this page, which an offset counts. */
  readonly itemCount: number;
  readonly cursor: string | null;
  /** Address of the next page if the list names it; null if it is that of the list. */
  readonly url: string | null;
}

export interface PageContents {
  /** Items in the order of the page; an item without a URL has a reason instead. */
  readonly items: readonly { readonly url?: string; readonly text: string; readonly reason: string }[];
  /** The position of the next page; null at the end. */
  readonly next: PagePosition | null;
  /** Items in the whole list, if the page says so. */
  readonly total: number | null;
}

/** The request for one page. */
export function makePageRequest(options: ListApiOptions, position: PagePosition): PageRequest {
  const { method, parametersIn, paging } = options;
  const pairs: [string, string][] = Object.entries(options.parameters);
  if (paging.kind === 'offset') pairs.push([paging.name, String(position.itemCount)]);
  if (paging.kind === 'page') pairs.push([paging.name, String(paging.first + position.pageIndex)]);
  if (paging.kind === 'cursor' && position.cursor !== null) pairs.push([paging.name, position.cursor]);
  if (paging.pageSize !== null) pairs.push([paging.pageSize.name, String(paging.pageSize.count)]);
  const address = position.url ?? options.url;
  const isNamedByList = address !== options.url;
  if (parametersIn === 'query' || method === 'GET' || isNamedByList) {
    const url = new URL(address);
    // An address that the list itself gave is complete.
    if (!isNamedByList) for (const [name, value] of pairs) url.searchParams.set(name, value);
    return { method, url: url.href, contentType: null, body: null };
  }
  if (parametersIn === 'form') {
    const body = new URLSearchParams(pairs).toString();
    return { method, url: address, contentType: 'application/x-www-form-urlencoded', body };
  }
  const numbers = pairs.map(([name, value]) => [name, /^\d{1,15}$/u.test(value) ? Number(value) : value]);
  const body = JSON.stringify(Object.fromEntries(numbers));
  return { method, url: address, contentType: 'application/json', body };
}

/** @throws SpillwayError ERR_SOURCE when the page does not match the options */
export function readPage(options: ListApiOptions, position: PagePosition, answer: PageAnswer): PageContents {
  const name = shownUrl(options.url);
  const number = position.pageIndex + 1;
  const page = { name, number, document: parseDocument(name, number, answer) };
  const found = readJsonPath(page.document, parsePathOnce(options.itemsPath));
  if (!Array.isArray(found)) {
    const expected = options.itemsPath === '' ? 'an array' : `an array at "${options.itemsPath}"`;
    throw sourceError(
      page.name,
      `expected ${expected} in page ${page.number}, found ${found === undefined ? 'nothing' : typeof found}`,
    );
  }
  const after = {
    pageIndex: position.pageIndex + 1,
    itemCount: position.itemCount + found.length,
    cursor: null,
    url: null,
  };
  return {
    items: found.map((item: unknown) => readItem(options, item)),
    next: found.length === 0 && endsEmpty(options) ? null : findNext(options, answer, page, after),
    total: readTotal(options, answer, page.document),
  };
}

/**
 * Tells whether an empty page is the last one. Where pages name their next one, a filter may leave an empty page
 * between.
 */
function endsEmpty({ paging }: ListApiOptions): boolean {
  return paging.kind === 'offset' || paging.kind === 'page';
}

function parseDocument(name: string, number: number, answer: PageAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch (error) {
    throw sourceError(name, `expected JSON in page ${number}: ${(error as Error).message}`, error);
  }
}

interface PageFacts {
  readonly name: string;
  readonly number: number;
  readonly document: unknown;
}

function findNext(
  options: ListApiOptions,
  answer: PageAnswer,
  page: PageFacts,
  after: PagePosition,
): PagePosition | null {
  const { end, paging } = options;
  if (paging.kind === 'link') {
    const target = nextLink(answer.header('link') ?? '');
    return target === null ? null : { ...after, url: resolveNext(options, page, target) };
  }
  if (paging.kind === 'cursor') {
    const value = readJsonPath(page.document, parsePathOnce(paging.path));
    if (value === undefined)
      requireInFirst(options, { page, after, answer }, `a cursor at "${paging.path}"`, '--list-paging');
    if (value === undefined || value === null || value === '' || value === false) return null;
    if (typeof value === 'string' || typeof value === 'number') return { ...after, cursor: String(value) };
    throw sourceError(
      page.name,
      `expected a text at "${paging.path}" in page ${page.number}, found ${typeof value}`,
    );
  }
  if (end.kind === 'empty') return after;
  const says = end.kind === 'header' ? answer.header(end.name) : readField(page.document, end.path);
  if (says === undefined && end.kind === 'header') {
    throw sourceError(page.name, `expected the header "${end.name}" in page ${page.number}, found none`);
  }
  if (says === undefined && end.kind === 'field')
    requireInFirst(options, { page, after, answer }, `something at "${end.path}"`, '--list-end');
  return says !== undefined && !/^(?:false|0|no|null|)$/iu.test(says.trim()) ? after : null;
}

/**
 * Refuses a first page that does not name the next one, because the list would seem to end there: probably the path
 * is mistyped. Accepts it if the page has no items, or says that it has all of them.
 */
function requireInFirst(
  options: ListApiOptions,
  { page, after, answer }: { page: PageFacts; after: PagePosition; answer: PageAnswer },
  wanted: string,
  option: string,
): void {
  if (after.pageIndex > 1 || after.itemCount === 0) return;
  if (readTotal(options, answer, page.document) === after.itemCount) return;
  throw sourceError(page.name, `expected ${wanted} in page 1, found nothing: check ${option}`);
}

function readField(document: unknown, path: string): string | undefined {
  const value = readJsonPath(document, parsePathOnce(path));
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function readTotal({ total }: ListApiOptions, answer: PageAnswer, document: unknown): number | null {
  if (total === null) return null;
  const text = total.kind === 'header' ? answer.header(total.name) : readField(document, total.path);
  return text !== undefined && /^\d{1,15}$/u.test(text.trim()) ? Number(text) : null;
}

/** The target of `rel=next` in a Link field (RFC 8288); null where there is none. */
function nextLink(field: string): string | null {
  for (const [, target, parameters] of field.matchAll(/<([^<>]*)>([^<]*)/gu)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/iu.test(parameters ?? ''))
      return target ?? null;
  }
  return null;
}

/** A list may lead only to pages of its own origin, because the walk sends its headers there. */
function resolveNext(options: ListApiOptions, page: PageFacts, target: string): string {
  const read = readUrl(target, options.url);
  if ('url' in read && new URL(read.url).origin === new URL(options.url).origin) return read.url;
  throw sourceError(
    page.name,
    `expected a next page of the same origin in page ${page.number}, found ${JSON.stringify(withoutLogins(target))}`,
  );
}

function readItem({ itemUrl, url }: ListApiOptions, item: unknown): PageContents['items'][number] {
  const text = withoutLogins(JSON.stringify(item)).slice(0, 200);
  let missing: string | undefined;
  const address = itemUrl.replaceAll(/\{([^{}]*)\}/gu, (_, path: string) => {
    const value = readJsonPath(item, parsePathOnce(path));
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    missing ??= path;
    return '';
  });
  if (missing !== undefined) {
    return {
      text,
      reason: `expected a text or number ${missing === '' ? 'as item' : `at "${missing}" in the item`}`,
    };
  }
  const read = readUrl(address, url);
  return 'url' in read ? { url: read.url, text, reason: '' } : { text, reason: read.reason };
}

const parsed = new Map<string, JsonPath>();

function parsePathOnce(path: string): JsonPath {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const fresh = parseJsonPath(path);
  parsed.set(path, fresh);
  return fresh;
}
