// What the fields of a head say of the body that follows: its length as sent, and what it can be told by another time.

import { type AnswerFacts, MAX_FACT_CHARS } from '../../../model/body/answer-facts.ts';
import type { HeaderView } from '../../../transport/lane.ts';

/** A field that may come once; of several the first, never all of them in one. */
export function singleField(view: HeaderView, name: string): string | undefined {
  const value = view.get(name);
  // Several are joined with a comma; one that has a comma of its own is read again, which is rare.
  if (value?.includes(', ') !== true) return value;
  return view.entries().find(([field]) => field === name)?.[1];
}

/** The length that the head promises for the body as sent; null for none. */
export function promisedBytesOf(view: HeaderView): number | null {
  const length = view.get('content-length');
  return length !== undefined && /^\d{1,16}$/u.test(length) ? Number(length) : null;
}

/** What the head says of the body; a field that is there and too long to be kept is left out. */
export function factsOf(view: HeaderView): AnswerFacts {
  const etag = singleField(view, 'etag');
  const lastModified = singleField(view, 'last-modified');
  const contentType = singleField(view, 'content-type');
  const facts: { -readonly [Name in keyof AnswerFacts]: AnswerFacts[Name] } = {};
  if (etag !== undefined && etag.length <= MAX_FACT_CHARS) facts.etag = etag;
  if (lastModified !== undefined && lastModified.length <= MAX_FACT_CHARS) facts.lastModified = lastModified;
  if (contentType !== undefined && contentType.length <= MAX_FACT_CHARS) facts.contentType = contentType;
  return facts;
}
