// Targets from whatever the caller iterates: an array, a generator, a stream. Each item is checked like a line of a
// list; the next one is requested only while the run has capacity for it.

import type { Source, SourceItem } from '../model/target.ts';
import { readUrl, shorten, sourceError } from './target-url.ts';

/** URLs one by one, absolute, http or https. */
export type UrlItems = Iterable<string | URL> | AsyncIterable<string | URL>;

const GROUP_COUNT = 256;

/** Opens a source over `items`; its length is unknown unless it is an array. */
export function openItems(items: UrlItems, name: string): Source {
  return {
    name,
    countAhead: Array.isArray(items) ? items.length : null,
    isDistinct: false,
    items: (signal) =>
      Symbol.asyncIterator in items ? waitForItems(items, name, signal) : takeItems(items, name, signal),
    findings: () => [],
  };
}

async function* takeItems(
  items: Iterable<string | URL>,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  let group: SourceItem[] = [];
  let count = 0;
  try {
    for (const item of items) {
      group.push(makeItem(item, ++count));
      if (group.length < GROUP_COUNT) continue;
      yield group;
      group = [];
      if (signal.aborted) return;
    }
  } catch (error) {
    if (group.length > 0) yield group;
    throw brokenSource(name, count, error);
  }
  if (group.length > 0) yield group;
}

/** Yields what has arrived before it waits for the next item. */
async function* waitForItems(
  items: AsyncIterable<string | URL>,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<readonly SourceItem[]> {
  const iterator = items[Symbol.asyncIterator]();
  let count = 0;
  let group: SourceItem[] = [];
  let isAtEnd = false;
  // A generator runs no `finally` while a caller waits for its next item, so it is told to return as soon as
  // possible.
  const leave = () => void Promise.resolve(iterator.return?.()).catch(() => {});
  signal.addEventListener('abort', leave, { once: true });
  try {
    while (!signal.aborted) {
      const next = iterator.next();
      if (group.length > 0 && (group.length >= GROUP_COUNT || !(await isSettledSoon(next)))) {
        yield group;
        group = [];
      }
      const { done, value } = await next;
      isAtEnd = done === true;
      if (isAtEnd) break;
      group.push(makeItem(value as string | URL, ++count));
    }
    if (group.length > 0) yield group;
  } catch (error) {
    isAtEnd = true;
    if (group.length > 0) yield group;
    throw brokenSource(name, count, error);
  } finally {
    signal.removeEventListener('abort', leave);
    if (!isAtEnd) leave();
  }
}

/** Tells whether it settles within this turn of the event loop; a rejection is left to the code that awaits it. */
async function isSettledSoon(promise: Promise<unknown>): Promise<boolean> {
  const { promise: turn, resolve } = Promise.withResolvers<boolean>();
  const immediate = setImmediate(resolve, false);
  promise.then(
    () => resolve(true),
    () => resolve(true),
  );
  const isSettled = await turn;
  clearImmediate(immediate);
  return isSettled;
}

function makeItem(item: unknown, line: number): SourceItem {
  const text = item instanceof URL ? item.href : item;
  if (typeof text !== 'string') {
    const reason = `expected a URL as text or URL, found ${item === null ? 'null' : typeof item}`;
    return { kind: 'bad', text: '', line, reason };
  }
  const read = readUrl(text);
  return 'url' in read
    ? { kind: 'target', url: read.url, line }
    : { kind: 'bad', text: shorten(text), line, reason: read.reason };
}

function brokenSource(name: string, count: number, error: unknown): Error {
  return sourceError(
    name,
    `expected another item or its end after item ${count}, it threw: ${error instanceof Error ? error.message : String(error)}`,
    error,
  );
}
