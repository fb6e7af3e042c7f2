// Reads from a head what it says of the body: its length as sent, and the facts by which another answer's
// body is compared.

import { type AnswerFacts, MAX_FACT_CHARS } from '../../../model/body/answer-facts.ts';
import type { HeaderView } from '../../../transport/lane.ts';

/** The value of a field that may come once; of several the first, not all of them joined. */
export function singleField(view: HeaderView, name: string): string | undefined {
  const value = view.get(name);
  // A comma means several fields, or one with a comma in its value, as every date has: look for the first alone.
  if (value?.includes(', ') !== true) return value;
  return view.first === undefined ? view.entries().find(([field]) => field === name)?.[1] : view.first(name);
}

/** The length that the head promises for the body as sent; null for none. */
export function promisedBytesOf(view: HeaderView): number | null {
  const length = view.get('content-length');
  return length !== undefined && /^\d{1,16}$/u.test(length) ? Number(length) : null;
}

/** The facts that the head states of the body, without those that are too long to keep. */
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
