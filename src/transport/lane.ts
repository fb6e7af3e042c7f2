// The interface between the engine and a transport. The engine decides what is asked and when; a lane only moves bytes.
// Types alone, so that a transport is added by writing one file that keeps this contract (undici-lane, wire-lane).

import type { LookupFunction } from 'node:net';
import type { TlsClient } from './tls/tls-client.ts';

/** Response header fields, valid only during `onHead`; names are lower-case. */
export interface HeaderView {
  /** The field's value; several fields of one name joined with ", " as RFC 9110 section 5.3 allows. */
  get(name: string): string | undefined;
  /** The value of the first field of that name, where a transport finds it for less than `entries` takes. */
  first?(name: string): string | undefined;
  /** False where the answer has no Content-Encoding, told by a transport that knows it without reading. */
  readonly isCoded?: boolean;
  /** Every field in the order received, names lower-case; one pair a field line. */
  entries(): [name: string, value: string][];
  /** What `entries` gives, to be called whenever somebody wants it; where a transport can read them later for less. */
  later?(): () => [name: string, value: string][];
  /** The reason phrase, where a transport has it. */
  reason?(): string;
}

/** What a request has of its own. The same object for requests that are alike: a transport may keep what it made of it. */
export interface RequestPayload {
  /** Already valid, without Host, Content-Length, Transfer-Encoding and Connection; names that the lane's fields do not have. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** null: no content, and no Content-Length. Empty content is announced with a length of 0. */
  readonly content: Uint8Array | null;
}

/**
 * One attempt in flight. The engine makes one object for each position a slot has and uses it again for every
 * attempt that goes through that position, so that a request allocates nothing here.
 *
 * For each `send` the lane calls, in this order: `onSent` each time the request goes to a socket (again, where a
 * transport asks again by itself after a lost connection), `onHead` at most once, `onData` any number
 * of times, then exactly one of `onEnd` and `onError`. Either of the two frees the position, and the engine may call
 * `send` with the same object from inside it. None of these may throw.
 */
export interface Exchange {
  /** In upper case, any but CONNECT. */
  readonly method: string;
  /** Origin-form request target, already valid: starts with "/", bytes 0x21 to 0x7e. */
  path: string;
  /** Fields and content of this request beside the lane's fields; @default none of either */
  readonly payload?: RequestPayload | undefined;
  /** The request was handed to a connected socket; the server may see it once for each call. */
  onSent(): void;
  /** Status line and fields of the final response are in (1xx are skipped). */
  onHead(status: number, headers: HeaderView): void;
  /** Body bytes with the transfer coding taken off. `chunk[start, end)` is valid only during the call. */
  onData(chunk: Uint8Array, start: number, end: number): void;
  /** The response is whole. */
  onEnd(): void;
  /**
   * The attempt is over without a whole answer.
   * @param reached what the connection had done for this attempt when it ended
   */
  onError(error: unknown, reached: Reached): void;
}

/**
 * How far an attempt came. `unsent`: no byte of it left. `queued-behind`: sent, but the answer before it had not ended,
 * so the loss is not this target's. `head-of-line`: it was the next to be answered. `answering`: its answer had begun.
 */
export type Reached = 'unsent' | 'queued-behind' | 'head-of-line' | 'answering';

/** One connection of a lane with `depth` positions. It connects at the first `send` and again after a loss. */
export interface Slot {
  /** Puts one request on the wire, or queues it until the connection stands. At most `depth` may be open. */
  send(exchange: Exchange): void;
  /** Ends one attempt with `onError(error)`. In HTTP/1.1 the connection goes with it, and what else was on it. */
  cancel(exchange: Exchange, error: Error): void;
  /**
   * Drops the connection because its answers can no longer be trusted, with every attempt on it (`onError(error)`).
   * The next `send` connects anew. May be called from inside any callback of an exchange.
   */
  reset(error: Error): void;
  /** A connection stands, and the next `send` needs no other one. False again as soon as an answer was its last. */
  readonly isOpen: boolean;
  /** How many requests may be on the wire at once; lowered by the engine when a server cuts pipelines short. */
  depth: number;
  /** Stops or resumes reading; what was read already is still told. Where a transport can. */
  pause?(isPaused: boolean): void;
}

/** What every slot of a lane has in common. */
export interface LaneOptions {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly depth: number;
  readonly connectTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** Fields sent with every request, already valid; Host is the lane's own. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What all reads land in, shared by lanes of one thread. @default one of the lane's own */
  readonly readBuffer?: Buffer;
  /** What its connections share where the origin is https. @default the usual trust, and sessions of the lane's own */
  readonly tls?: TlsClient;
  /** How its origin's name becomes addresses. @default the system's resolver */
  readonly lookup?: LookupFunction;
  /** Called on each connection opened and closed, for the counters. */
  readonly onConnection: (event: 'opened' | 'closed') => void;
  /** Called on each TLS handshake that came to its end, where a transport tells. */
  readonly onHandshake?: (isResumed: boolean) => void;
  /** Called when bytes came that nothing had asked for; their connection is given up and nobody's answer. */
  readonly onSurplus?: () => void;
}

/** A set of connections with one configuration ("session" in the reference programs). */
export interface Lane {
  openSlot(): Slot;
  /**
   * Ends every connection: with `reset`, by RST, so that no socket stays in TIME_WAIT on this machine.
   * Open attempts get `onError`. Resolves when the sockets are gone.
   */
  close(reset: boolean): Promise<void>;
}
