// One connection of the lean server: turns bytes into batches of whole trial requests, however the reads were
// split.

import type { Connection } from '../connection.ts';
import { type LeanParser, NOT_LEAN } from './lean-parser.ts';

/** When a client leaves more than this unread, its requests are not read either. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** The trials of one read. A single trial needs no array: with one request a connection, all are single. */
export interface TrialBatch {
  readonly lean: LeanConnection;
  readonly numbers: number | Int32Array;
  readonly count: number;
  /** The next batch of this connection that is due in the same turn. */
  next: TrialBatch | undefined;
}

/** What a connection needs from the server that owns it. */
export interface LeanOwner {
  readonly parser: LeanParser;
  readonly items: number;
  readonly handOver: (connection: Connection) => void;
  forget(lean: LeanConnection): void;
  receive(batch: TrialBatch, receivedMs: number): void;
}

/** Numbers of the read that is being parsed. All connections share it, because a read is parsed in one go. */
let scratch = new Int32Array(4096);

export class LeanConnection {
  readonly connection: Connection;
  lastReadMs = performance.now();
  /** True while the connection waits for its owed answers before the full server takes over. */
  isHandingOver = false;
  readonly #server: LeanOwner;
  /** The beginning of a request whose rest has not arrived. */
  #rest: Uint8Array | undefined;
  #firstDue: TrialBatch | undefined;
  #lastDue: TrialBatch | undefined;

  constructor(server: LeanOwner, connection: Connection) {
    this.#server = server;
    this.connection = connection;
    const { socket } = connection;
    socket.on('error', ignoreError);
    socket.on('data', this.#read);
    socket.on('end', endSocket);
    socket.once('close', () => {
      server.forget(this);
    });
  }

  /** Returns true when this is the connection's first batch in this turn. */
  addDue(batch: TrialBatch): boolean {
    const isFirst = this.#firstDue === undefined;
    if (this.#lastDue === undefined) this.#firstDue = batch;
    else this.#lastDue.next = batch;
    this.#lastDue = batch;
    return isFirst;
  }

  /** Takes the first of the due batches; the others follow by `next`. */
  takeDue(): TrialBatch | undefined {
    const first = this.#firstDue;
    this.#firstDue = undefined;
    this.#lastDue = undefined;
    return first;
  }

  /** Called when the kernel has taken answers. Hands over to the full server when none is left. */
  settled(): void {
    if (this.isHandingOver && this.connection.owedTrials === 0) this.#server.handOver(this.connection);
  }

  /** Called when the kernel takes no more answers: beyond a limit, requests are not read until it does. */
  holdBack(): void {
    const { socket } = this.connection;
    if (this.isHandingOver || socket.isPaused() || socket.writableLength <= MAX_UNSENT_BYTES) return;
    socket.pause();
    socket.once('drain', () => {
      socket.resume();
    });
  }

  readonly #read = (chunk: Buffer): void => {
    const receivedMs = performance.now();
    this.lastReadMs = receivedMs;
    const { parser, items } = this.#server;
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    let count = 0;
    let after = 0;
    while (at < bytes.length) {
      after = parser.parse(bytes, at, bytes.length);
      if (after > 0 && parser.number >= items) after = NOT_LEAN;
      if (after < 0) break;
      if (count === scratch.length) scratch = grow(scratch);
      scratch[count] = parser.number;
      count++;
      at = after;
    }
    const rest = at === bytes.length ? undefined : bytes.subarray(at);
    if (after === NOT_LEAN && rest !== undefined) this.#stop(rest);
    // A copy, as a view would keep the whole read in memory for a few bytes.
    else this.#rest = rest === undefined ? undefined : new Uint8Array(rest);
    if (count > 0) {
      const numbers = count === 1 ? (scratch[0] as number) : scratch.slice(0, count);
      this.#server.receive({ lean: this, numbers, count, next: undefined }, receivedMs);
    } else {
      this.settled();
    }
  };

  /**
   * Stops reading: puts the bytes back into the socket, and gives it to the full server when all owed answers
   * are out.
   */
  #stop(unread: Uint8Array): void {
    const { socket } = this.connection;
    this.isHandingOver = true;
    this.#rest = undefined;
    socket.pause();
    socket.off('data', this.#read);
    socket.off('end', endSocket);
    socket.unshift(unread);
    this.#server.forget(this);
  }
}

function grow(numbers: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2);
  larger.set(numbers);
  return larger;
}

/** Does nothing: the 'close' that follows gives up what is owed. */
function ignoreError(): void {}

/** Treats a client that ends its half of the connection as gone, as node:http does. */
function endSocket(this: Connection['socket']): void {
  this.end();
}
