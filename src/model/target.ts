// What is to be fetched, before anything is sent, and what else a source says. Plain data that crosses a thread.

import type { PartialBody } from './body/partial-body.ts';

/** One thing to fetch. */
export interface Target {
  /** Position in the run, from 0, in the order of the sources; the target's identity. */
  readonly index: number;
  /** Absolute http or https URL without a fragment, already normalised. */
  readonly url: string;
  /** Line (or item) of the source it came from, from 1; 0 where the source has no lines. */
  readonly line: number;
  /**
   * Set when a list API named its origin and the caller did not: the caller's fields and logins are not sent
   * there.
   */
  readonly isForeign?: true;
  /** The part of its body that another process or thread left. */
  readonly partial?: PartialBody;
}

/** One thing a source yields: a target still without its index, or what is wrong with a line. */
export type SourceItem =
  | {
      readonly kind: 'target';
      readonly url: string;
      readonly line: number;
      readonly isForeign?: true;
    }
  /** A line that is no target: counted as a failure, named by `line` and `reason`; `text` is its beginning. */
  | { readonly kind: 'bad'; readonly text: string; readonly line: number; readonly reason: string }
  /** An item that a list API showed more than once: fetched only the first time. */
  | { readonly kind: 'drift'; readonly url: string; readonly line: number; readonly reason: string };

/** Yields targets in a fixed order and in bounded memory, however many there are. */
export interface Source {
  /** The source's name in messages, such as `urls.txt` or `standard input`. */
  readonly name: string;
  /** How many items it will yield; null when that is not known before its end. */
  readonly countAhead: number | null;
  /** True when no two items can be the same, so that duplicates need not be looked for. */
  readonly isDistinct: boolean;
  /**
   * Items in groups, so that a long list costs one await a group. Ends early, without a throw, once `signal` is aborted.
   * @throws SpillwayError ERR_SOURCE when the source itself cannot be read on
   */
  items(signal: AbortSignal): AsyncIterable<readonly SourceItem[]>;
  /**
   * Records read, and how many of them are no data, such as comments and a header. Every other record was
   * yielded as an item, or the run is broken. Absent when a source has no records.
   */
  counts?(): { readonly records: number; readonly skipped: number };
  /** What the source noticed that belongs in the account, such as a list that changed while it was read. */
  findings(): readonly string[];
}
