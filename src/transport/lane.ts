// The interface between the engine and a transport. The engine decides what is asked and when; a lane only moves bytes.
// Types alone, so that a transport is added by writing one file that keeps this contract (undici-lane, wire-lane).

import type { LookupFunction } from 'node:net';
import type { TlsClient } from './tls/tls-client.ts';

/** Response header fields, valid only during `onHead`; names are lower-case. */
export interface HeaderView {
  /** The field's value; several fields of one name joined with ", " as RFC 9110 section 5.3 allows. */
  get(name: string): string | undefined;
  /** The value of the first field of that name, where the transport finds it faster than `entries` would. */
  first?(name: string): string | undefined;
  /** False where the answer has no Content-Encoding; undefined where the transport does not know without reading. */
  readonly isCoded?: boolean;
  /** Every field in the order received, names lower-case; one pair a field line. */
  entries(): [name: string, value: string][];
  /** A function that gives `entries` later, after `onHead`, where that costs the transport less. */
  later?(): () => [name: string, value: string][];
  /** The reason phrase, where a transport has it. */
  reason?(): string;
}

/** Fields and content of one request. Requests that are alike share one, so a transport may cache its text. */
export interface RequestPayload {
  /** Already valid, without Host, Content-Length, Transfer-Encoding, Connection and the names of the lane's fields. */
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
  /** Fields and content of this request, besides the lane's fields. @default neither */
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
 * How far an attempt came. `unsent`: no byte of it left. `queued-behind`: sent, but the answer before it had not
 * ended, so the loss is not this target's fault. `head-of-line`: it was the next to be answered. `answering`: its
 * answer had begun.
 */
export type Reached = 'unsent' | 'queued-behind' | 'head-of-line' | 'answering';

/** One connection of a lane with `depth` positions. It connects at the first `send` and again after a loss. */
export interface Slot {
  /** Puts one request on the wire, or queues it until there is a connection. At most `depth` may be open. */
  send(exchange: Exchange): void;
  /** Ends one attempt with `onError(error)`. In HTTP/1.1 its connection ends, too, with every other attempt on it. */
  cancel(exchange: Exchange, error: Error): void;
  /**
   * Drops the connection because its answers can no longer be trusted, with every attempt on it (`onError(error)`).
   * The next `send` connects anew. May be called from inside any callback of an exchange.
   */
  reset(error: Error): void;
  /** True while a connection is established that the next `send` can use; false once its last answer has ended. */
  readonly isOpen: boolean;
  /** How many requests may be on the wire at once; lowered by the engine when a server cuts pipelines short. */
  depth: number;
  /** Stops or resumes reading, where the transport can; what was read already is still delivered. */
  pause?(isPaused: boolean): void;
}

/** What all slots of a lane have in common. */
export interface LaneOptions {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly depth: number;
  readonly connectTimeoutMs: number;
  readonly maxHeaderBytes: number;
  /** Fields sent with every request, already valid; Host is the lane's own. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Buffer for all reads, which lanes of one thread may share. @default a buffer of the lane's own */
  readonly readBuffer?: Buffer;
  /** Trust and sessions, where the origin is https. @default the usual authorities, and sessions of the lane's own */
  readonly tls?: TlsClient;
  /** Resolves the origin's name. @default the system's resolver */
  readonly lookup?: LookupFunction;
  /** Called on each connection opened and closed, for the counters. */
  readonly onConnection: (event: 'opened' | 'closed') => void;
  /** Called after each completed TLS handshake, where the transport reports them. */
  readonly onHandshake?: (isResumed: boolean) => void;
  /** Called when bytes came while no request was open: their connection is dropped, and they answer nothing. */
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
