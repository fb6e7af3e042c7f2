// The interface between an attempt of a fetch and its transport: undici-agents for any origin, wire-agents for plain
// http. Types alone. The attempt judges what comes; a transport only moves bytes.

import type { HeaderView } from './lane.ts';

/** What an attempt may do to its request. All of it is harmless once the request is over. */
export interface RequestControl {
  /** Stops reading for now; what was read already may still be delivered. */
  pause(): void;
  resume(): void;
  /** Ends the request, even before it is sent. Its connection is dropped if the answer has begun. */
  abort(error: Error): void;
  /** Gives back what the request holds besides its connection. To be called once, when the attempt is over. */
  leave(): void;
}

/**
 * Receives the events of one request: `onSent` when it goes to a connected socket, `onHead` at most once (1xx are
 * skipped), `onData` any number of times, then exactly one of `onEnd` and `onError`. None of these may throw.
 */
export interface AnswerReceiver {
  /** The host has addresses: from here on the wait is for the other side. Called first, by the routes. */
  onNamed?(): void;
  /**
   * Called before a request that waited for a connection goes out; false where it was aborted instead.
   * @default true
   */
  maySend?(): boolean;
  onSent(): void;
  /** `headers` is valid only during the call. */
  onHead(status: number, statusText: string, headers: HeaderView): void;
  /** Body bytes with the transfer coding taken off; valid only during the call. */
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: unknown, loss: AnswerLoss): void;
}

/** `stale`: a kept connection ended before this answer began, so the target is not to blame. `own`: any other loss. */
export type AnswerLoss = 'stale' | 'own';

/** One GET, ready for the wire. */
export interface FetchedRequest {
  readonly origin: string;
  /** Origin-form. */
  readonly path: string;
  /** Names and values in turn. */
  readonly fields: readonly string[];
}
