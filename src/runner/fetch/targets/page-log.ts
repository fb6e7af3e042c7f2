// Pages of a list API as the journal keeps them: the cursor, and every item in its place, so that a run that goes on
// asks for no page twice and gives each item the index it had, however much the list has moved since.

import type { PageMemory } from '../../../sources/list-api.ts';
import type { PageContents } from '../../../sources/list-page.ts';
import type { Journal } from '../record/journal.ts';
import { holdsLogin } from '../../../model/shown-url.ts';

/** An item is its URL, or what the page had instead and why that is none. */
interface KeptPage extends Omit<PageContents, 'items'> {
  readonly items: readonly (string | readonly [text: string, reason: string])[];
}

/**
 * @param record opened later than the source, and before its first page; null for a run that keeps none
 * @param source number of the source in the run, from 0
 */
export function pageLog(record: () => { readonly journal: Journal } | null, source: number): PageMemory {
  return {
    recall: (number) => {
      const text = record()?.journal.page(source, number) ?? null;
      return text === null ? null : unpack(JSON.parse(text) as KeptPage);
    },
    keep: (number, page) => {
      // What holds a login is not kept; such a page is asked for again.
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
