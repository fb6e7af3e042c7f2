// What a sink of the caller's own looks like. Types alone, for whoever writes a module for it.

import type { BodyHead } from './sink.ts';

/** What the default export of a sink's module returns, once in each worker thread. */
export interface CallerSink {
  /** A body begins; many are on their way at once. */
  begin(head: BodyHead): CallerBody;
  /** After the last body of the thread. */
  close?(): void;
}

/**
 * One body on its way; `commit` or `discard` ends it. All of it is synchronous, so that what cannot follow holds up the
 * reading of sockets by itself. What a method throws ends the run.
 */
export interface CallerBody {
  /** The next piece, decoded unless original bytes were asked for. It is valid only during the call: copy what you keep. */
  write(chunk: Uint8Array): void;
  /** The body is whole. What you return arrives as `value` beside the outcome; it must survive a structured clone. */
  commit(): unknown;
  /** The attempt failed: take back what `write` left. Another attempt begins a body of its own. */
  discard?(): void;
}

/** The default export of a sink's module. */
export type OpenCallerSink = (options: unknown, workerIndex: number) => CallerSink | Promise<CallerSink>;
