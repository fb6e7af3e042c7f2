// Stores pages of a list API in the journal: the cursor, and every item in its position, so that a continued run
// requests no page twice and gives each item the index it had, even if the list has changed since.

import type { PageMemory } from '../../../sources/list-api.ts';
import type { PageContents } from '../../../sources/list-page.ts';
import type { Journal } from '../record/journal.ts';
import { holdsLogin } from '../../../model/shown-url.ts';

/** An item is its URL, or the page's text for it and why that is not a URL. */
interface KeptPage extends Omit<PageContents, 'items'> {
  readonly items: readonly (string | readonly [text: string, reason: string])[];
}

/**
 * @param record opened after the source and before its first page; null for a run that keeps none
 * @param source number of the source in the run, from 0
 */
export function pageLog(record: () => { readonly journal: Journal } | null, source: number): PageMemory {
  return {
    recall: (number) => {
      const text = record()?.journal.page(source, number) ?? null;
      return text === null ? null : unpack(JSON.parse(text) as KeptPage);
    },
    keep: (number, page) => {
      // A page that holds a login is not kept; it is requested again.
      if ([page.next, ...page.items].some((each) => holdsLogin(each?.url ?? ''))) return;
      record()?.journal.addPage(source, number, JSON.stringify(pack(page)));
    },
  };
}

function pack({ items, next, total }: PageContents): KeptPage {
  return { items: items.map(({ url, text, reason }) => url ?? [text, reason]), next, total };
}

function unpack({ items, next, total }: KeptPage): PageContents {
  return {
    items: items.map((item) =>
      typeof item === 'string' ? { url: item, text: '', reason: '' } : { text: item[0], reason: item[1] },
    ),
    next,
    total,
  };
}
