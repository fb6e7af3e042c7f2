// The interface of a caller's own sink. Types only, for the author of its module.

import type { BodyHead } from './sink.ts';

/** What the default export of a sink's module returns, once in each worker thread. */
export interface CallerSink {
  /** A body begins; many are on their way at once. */
  begin(head: BodyHead): CallerBody;
  /** After the last body of the thread. */
  close?(): void;
}

/**
 * One body on its way; `commit` or `discard` ends it. All methods are synchronous, so a sink that cannot keep up
 * slows the reading of sockets by itself. An exception from a method ends the run.
 */
export interface CallerBody {
  /** The next piece, decoded unless original bytes were asked for. It is valid only during the call: copy what you keep. */
  write(chunk: Uint8Array): void;
  /** The body is whole. What you return arrives as `value` beside the outcome; it must survive a structured clone. */
  commit(): unknown;
  /** The attempt failed: undo what `write` left. Another attempt begins a new body. */
  discard?(): void;
}

/** The default export of a sink's module. */
export type OpenCallerSink = (options: unknown, workerIndex: number) => CallerSink | Promise<CallerSink>;
