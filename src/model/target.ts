// What is to be fetched, before anything is sent, and what a source says besides. Plain data that crosses a thread.

import type { PartialBody } from './body/partial-body.ts';

/** One thing to fetch. */
export interface Target {
  /** Position in the run, from 0, in the order of the sources; the target's identity. */
  readonly index: number;
  /** Absolute http or https URL without a fragment, already normalised. */
  readonly url: string;
  /** Line (or item) of the source it came from, from 1; 0 where the source has no lines. */
  readonly line: number;
  /** A list API named its origin and the caller did not: fields and logins of the caller are not for it. */
  readonly isForeign?: true;
  /** What is there of its body, from another process or thread. */
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
  /** An item that a list API showed more than once: fetched the first time only. */
  | { readonly kind: 'drift'; readonly url: string; readonly line: number; readonly reason: string };

/** Yields targets in a fixed order and in bounded memory, however many there are. */
export interface Source {
  /** What a person reads in a complaint, such as `urls.txt` or `standard input`. */
  readonly name: string;
  /** How many items it will yield; null where that is not known before its end. */
  readonly countAhead: number | null;
  /** True where no two items can be the same, so that nobody needs to look for duplicates. */
  readonly isDistinct: boolean;
  /**
   * Items in groups, so that a long list costs one await a group. Ends early, without a throw, once `signal` is aborted.
   * @throws SpillwayError ERR_SOURCE when the source itself cannot be read on
   */
  items(signal: AbortSignal): AsyncIterable<readonly SourceItem[]>;
  /**
   * Records read, and those of them that are no data, such as comments and a header: every other one was yielded as an
   * item, or the run is broken. Left out where a source has no records of its own.
   */
  counts?(): { readonly records: number; readonly skipped: number };
  /** What the source noticed that belongs into the account, such as a list that changed while it was walked. */
  findings(): readonly string[];
}
