// The interface between the engine and the sinks, which store bodies. A worker opens one sink and gives it bodies,
// many at once, in pieces; everything is synchronous, so that a slow disk slows the reading of sockets by itself.
// What a sink commits survives the death of the process at any moment, together with recover-sink.ts: before a name
// or segment is published, an intent is written (intent-log.ts); the runner journals commits in the order in which
// each worker made them; and whatever was published but not journalled is removed before anything continues. A body
// that is fetched again therefore gets the same name, or a place in a further segment, once. Bodies are not synced
// to the disk one by one: a loss of power may take the last seconds of bodies although the journal has them;
// `spillway verify` then reports which. Types only: to add a sink, write one file that keeps this contract and one
// line in open-sink.ts.

import type { Stored } from '../model/outcome.ts';

/** What is known of an answer when its body begins. */
export interface BodyHead {
  readonly index: number;
  readonly line: number;
  /** The URL asked for; never with a password. */
  readonly url: string;
  /** The URL that answered, after redirects. */
  readonly finalUrl: string;
  readonly status: number;
  readonly statusText: string;
  /** As received, names lower-case, one pair a field line. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Content-Disposition, if the receiver wants no other header; null for none. @default looked for in `headers` */
  readonly disposition?: string | null;
  /** When the head arrived, in milliseconds of the wall clock. */
  readonly receivedAtMs: number;
  /** True when a content coding was taken off the body that is written. */
  readonly isDecoded: boolean;
  /** The length that the server announced, if any; the body may still be shorter or longer. */
  readonly expectedBytes: number | null;
}

/** What a sink did with a whole body. */
export interface Committed {
  readonly bytes: number;
  readonly sha256: string;
  readonly stored: Stored;
}

/**
 * One body on its way. Exactly one of `commit` and `discard` ends it. A sink holds little of it in memory, and
 * publishes nothing of it under its final name, or in a segment, before `commit`.
 */
export interface Body {
  /**
   * Takes the next piece. `chunk` is valid only during the call: the next read reuses its memory.
   * @throws SpillwayError ERR_SINK when it could not be written; `discard` must still be called
   */
  write(chunk: Buffer): void;
  /**
   * Publishes the body. Once it returns, the body survives the death of this process.
   * @throws SpillwayError ERR_SINK when it could not be written; nothing is visible then
   */
  commit(): Committed;
  /** Removes whatever `write` left. Never throws. */
  discard(): void;
  /**
   * Releases memory and file descriptor until the next `write`, or the end. Absent where a body cannot wait for its
   * rest and is begun anew after every interruption.
   * @throws SpillwayError ERR_SINK when it could not be written; `discard` must still be called
   */
  suspend?(): void;
  /** The file that holds what was written once it is suspended or large, below `partial`; absent where there is none. */
  readonly partialFile?: string;
}

/** A body that was suspended in its file, and how much of it is there. */
export interface ReopenedBody {
  readonly body: Body;
  readonly bytes: number;
}

export interface Sink {
  begin(head: BodyHead): Body;
  /**
   * Reopens a suspended body, or one whose process died, from its `partialFile`; null where that file is missing.
   * Absent where bodies are not suspended in files.
   * @throws SpillwayError ERR_SINK
   */
  reopen?(head: BodyHead, partialFile: string): Promise<ReopenedBody | null>;
  /**
   * Ends open segments. What was committed before is whole in any case.
   * @throws SpillwayError ERR_SINK
   */
  close(): void;
}
