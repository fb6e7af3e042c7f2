// Targets from a paginated list API, read while its items are being downloaded: requests the next page before it
// passes on the items of this one. Requests go through a function it is given; it knows nothing of connections.

import type { Source, SourceItem } from '../model/target.ts';
import type { ListApiOptions, RequestPage } from '../model/list-api-options.ts';
import { makePageRequest, type PageContents, type PagePosition, readPage } from './list-page.ts';
import { shownUrl } from '../model/shown-url.ts';
import { SeenSet } from './seen-set.ts';
import { sourceError } from './target-url.ts';

/** Pages in a row without a single new item, after which the list is taken to go in circles. */
const MAX_STALE_PAGES = 10;

/**
 * Pages that an earlier part of the run has read: they are not requested again, and their items keep their indexes.
 */
export interface PageMemory {
  /** Page `number`, from 0, as `keep` was given it; null if the walk has not come that far. */
  recall(number: number): PageContents | null;
  /** Called before any item of the page is passed on. */
  keep(number: number, page: PageContents): void;
}

const NO_MEMORY: PageMemory = { recall: () => null, keep: () => {} };

/**
 * Opens a source over all pages, in order; further pages are requested as soon as their address is known.
 * @param memory continues after its last page; @default none: the walk begins at the first page
 */
export function openListApi(
  options: ListApiOptions,
  requestPage: RequestPage,
  memory: PageMemory = NO_MEMORY,
): Source {
  const findings: string[] = [];
  const name = shownUrl(options.url);
  return {
    name,
    countAhead: null,
    isDistinct: true,
    items: (signal) => {
      const window = new PageWindow({ options, name, requestPage, memory, signal });
      return walk({
        name,
        listUrl: options.url,
        window,
        seen: new SeenSet(options.maxRemembered),
        signal,
        findings,
      });
    },
    findings: () => findings,
  };
}

interface WalkParts {
  /** Name of the list in messages. */
  readonly name: string;
  readonly listUrl: string;
  readonly window: PageWindow;
  readonly seen: SeenSet;
  readonly signal: AbortSignal;
  /** Gets an entry for whatever is noticed. */
  readonly findings: string[];
}

async function* walk({
  name,
  listUrl,
  window,
  seen,
  signal,
  findings,
}: WalkParts): AsyncGenerator<SourceItem[]> {
  let line = 1;
  let stalePages = 0;
  let total: number | null = null;
  let driftCount = 0;
  try {
    for (let page = await window.take(); page !== null; page = await window.take()) {
      if (signal.aborted) return;
      if (total !== null && page.total !== null && page.total !== total) {
        findings.push(
          `${name}: the list said ${total} items, later ${page.total}: it changed while it was walked`,
        );
      }
      total = page.total ?? total;
      const items = makeItems(page, { seen, listUrl }, line);
      const driftHere = items.filter((item) => item.kind === 'drift').length;
      driftCount += driftHere;
      stalePages = driftHere === items.length ? stalePages + 1 : 0;
      if (stalePages >= MAX_STALE_PAGES) {
        throw sourceError(
          name,
          `expected new items, found ${stalePages} pages in a row without one: check how the next page is asked for`,
        );
      }
      line += items.length;
      if (items.length > 0) yield items;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return;
  } finally {
    window.close();
    summarize({ name, seen, driftCount, total, itemCount: line - 1, isWhole: window.isAtEnd }, findings);
  }
}

function makeItems(
  page: PageContents,
  { seen, listUrl }: Pick<WalkParts, 'seen' | 'listUrl'>,
  firstLine: number,
): SourceItem[] {
  const { origin } = new URL(listUrl);
  return page.items.map(({ url, text, reason }, at) => {
    const line = firstLine + at;
    if (url === undefined) return { kind: 'bad', text, line, reason };
    if (seen.add(url) === 'seen') return { kind: 'drift', url, line, reason: 'shown before by the list' };
    if (url.startsWith(`${origin}/`) || new URL(url).origin === origin) return { kind: 'target', url, line };
    return { kind: 'target', url, line, isForeign: true };
  });
}

interface Walked {
  readonly name: string;
  readonly seen: SeenSet;
  readonly driftCount: number;
  readonly total: number | null;
  readonly itemCount: number;
  readonly isWhole: boolean;
}

function summarize({ name, seen, driftCount, total, itemCount, isWhole }: Walked, findings: string[]): void {
  if (driftCount > 0)
    findings.push(`${name}: ${driftCount} items appeared more than once: the list moved while it was walked`);
  if (seen.isFull)
    findings.push(`${name}: items past the first ${seen.count} were not checked for appearing twice`);
  const distinct = itemCount - driftCount;
  if (isWhole && total !== null && distinct !== total) {
    findings.push(`${name}: the list said ${total} items, ${distinct} were found`);
  }
}

interface WindowParts {
  readonly options: ListApiOptions;
  /** Name of the list in messages. */
  readonly name: string;
  readonly requestPage: RequestPage;
  readonly memory: PageMemory;
  readonly signal: AbortSignal;
}

/** Pages in order, remembered ones first, then requested ones. Holds at most `prefetchCount` of them. */
class PageWindow {
  readonly #options: ListApiOptions;
  readonly #name: string;
  readonly #requestPage: RequestPage;
  readonly #memory: PageMemory;
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  #ahead: { readonly position: PagePosition; readonly page: Promise<PageContents> }[] = [];
  /** Position of the page that is requested next; null when it is unknown or past the end. */
  #next: PagePosition | null;
  /** Number of pages that the list itself has announced. */
  #knownPages = 1;
  #takenPages = 0;
  #isRecalling = true;
  isAtEnd = false;

  constructor({ options, name, requestPage, memory, signal }: WindowParts) {
    this.#options = options;
    this.#name = name;
    this.#requestPage = requestPage;
    this.#memory = memory;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#next = { pageIndex: 0, itemCount: 0, cursor: null, url: null };
  }

  /** The next page; null after the last one. */
  async take(): Promise<PageContents | null> {
    const known = this.#recall();
    if (known !== null) return known;
    const coming = this.#ahead.shift();
    if (coming === undefined) {
      this.isAtEnd = true;
      return null;
    }
    const page = await coming.page;
    this.#memory.keep(this.#takenPages, page);
    this.#takenPages++;
    if (page.next === null) {
      // Nobody needs pages that were requested beyond the end.
      this.close();
      return page;
    }
    if (this.#takenPages >= this.#options.maxPages) {
      throw sourceError(
        this.#name,
        `expected an end of the list, found more after ${this.#takenPages} pages: raise --list-max-pages if it is that long`,
      );
    }
    // A page of an unexpected size moves all that follow: pages requested ahead are requested again.
    if (this.#ahead[0]?.position.itemCount !== page.next.itemCount) {
      this.#ahead = [];
      this.#next = page.next;
    }
    this.#knownPages = Math.max(this.#takenPages + 1, this.#pagesByTotal(page));
    this.#fill(page);
    return page;
  }

  /** The next of the remembered pages; requests begin after the last of them. */
  #recall(): PageContents | null {
    if (!this.#isRecalling) return null;
    const page = this.#memory.recall(this.#takenPages);
    if (page !== null) {
      this.#takenPages++;
      this.#next = page.next;
      return page;
    }
    this.#isRecalling = false;
    if (this.#next !== null) this.#ask();
    return null;
  }

  close(): void {
    this.#isRecalling = false;
    this.#stop.abort();
    this.#ahead = [];
    this.#next = null;
  }

  #pagesByTotal(page: PageContents): number {
    const { kind } = this.#options.paging;
    if (page.total === null || page.items.length === 0 || kind === 'cursor' || kind === 'link') return 0;
    return Math.ceil(page.total / page.items.length);
  }

  #fill(page: PageContents): void {
    while (this.#next !== null && this.#ahead.length < this.#options.prefetchCount) {
      if (this.#next.pageIndex >= this.#knownPages) return;
      const { pageIndex, itemCount, url } = this.#next;
      this.#ask();
      // If the list does not name its next page, the position of that page follows from the size of this one.
      this.#next = { pageIndex: pageIndex + 1, itemCount: itemCount + page.items.length, cursor: null, url };
    }
  }

  #ask(): void {
    const position = this.#next as PagePosition;
    const asked = this.#requestPage(makePageRequest(this.#options, position), this.#signal).then((answer) =>
      readPage(this.#options, position, answer),
    );
    // The promise is awaited in its turn; until then its rejection must not count as unhandled.
    asked.catch(() => {});
    this.#ahead.push({ position, page: asked });
    this.#next = null;
  }
}
