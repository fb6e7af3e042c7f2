// The interface between the engine and what keeps bodies. A worker opens one sink and gives it bodies, many at once, in
// pieces; everything is synchronous, so that a disk that cannot follow holds up the reading of sockets by itself.
// What it commits survives the death of the process at any moment, together with recover-sink: before a name or segment
// is shown, a claim on it is written (intent-log); the runner journals what was committed, in the order in which each
// worker committed it; and what was shown and not journalled is taken back before anything goes on. A body that is
// fetched again so lands on the same name, or in a further segment, once. Nothing is synced to the disk one by one: a
// loss of power may take the last seconds of bodies although the journal has them, and `spillway verify` then says which.
// Types alone: a sink is added by writing one file that keeps this contract and one line in open-sink.ts.

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
  /** Content-Disposition among them, for whoever wants no more; null for none. @default it is looked for in `headers` */
  readonly disposition?: string | null;
  /** When the head arrived, in milliseconds of the wall clock. */
  readonly receivedAtMs: number;
  /** True when a content coding was taken off the body that is written. */
  readonly isDecoded: boolean;
  /** How long the body will be, where the server has said so; it may still be shorter or longer. */
  readonly expectedBytes: number | null;
}

/** What a sink did with a whole body. */
export interface Committed {
  readonly bytes: number;
  readonly sha256: string;
  readonly stored: Stored;
}

/**
 * One body on its way. Exactly one of `commit` and `discard` ends it. A sink holds little of it in memory, and shows
 * nothing of it under its final name, or in a segment, before `commit`.
 */
export interface Body {
  /**
   * Takes the next piece. `chunk` is valid only during the call: the next read lands in the same memory.
   * @throws SpillwayError ERR_SINK when it could not be written; `discard` is still owed
   */
  write(chunk: Buffer): void;
  /**
   * Publishes the body. When it returns, the body would survive the death of this process.
   * @throws SpillwayError ERR_SINK when it could not be written; nothing is visible then
   */
  commit(): Committed;
  /** Takes back whatever `write` left. Never throws. */
  discard(): void;
  /**
   * Holds no memory and no file open until the next `write`, or the end. Absent where a body cannot wait for its rest and
   * is begun anew after every cut.
   * @throws SpillwayError ERR_SINK when it could not be written; `discard` is still owed
   */
  suspend?(): void;
  /** The file that holds what was written once it is suspended or large, below `partial`; absent where there is none. */
  readonly partialFile?: string;
}

/** A body that waited in its file, and how much of it is there. */
export interface ReopenedBody {
  readonly body: Body;
  readonly bytes: number;
}

export interface Sink {
  begin(head: BodyHead): Body;
  /**
   * A suspended body, or one whose process died, from its `partialFile`; null where that is not there. Absent where no
   * file holds bodies that wait. @throws SpillwayError ERR_SINK
   */
  reopen?(head: BodyHead, partialFile: string): Promise<ReopenedBody | null>;
  /**
   * Ends open segments. What was committed before is whole in any case.
   * @throws SpillwayError ERR_SINK
   */
  close(): void;
}
