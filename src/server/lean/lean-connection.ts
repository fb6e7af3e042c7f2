// One connection of the lean server: bytes in, batches of trials out; whole requests only, whatever the reads were.

import type { Connection } from '../connection.ts';
import { type LeanParser, NOT_LEAN } from './lean-parser.ts';

/** A client that does not read its answers is not read either, beyond this. */
const MAX_UNSENT_BYTES = 1024 * 1024;

/** The trials of one read. One alone is held without an array: with one request a connection all are. */
export interface TrialBatch {
  readonly lean: LeanConnection;
  readonly numbers: number | Int32Array;
  readonly count: number;
  /** The next batch of this connection that is due in the same turn. */
  next: TrialBatch | undefined;
}

/** What a connection needs of the server that holds it. */
export interface LeanOwner {
  readonly parser: LeanParser;
  readonly items: number;
  readonly handOver: (connection: Connection) => void;
  forget(lean: LeanConnection): void;
  receive(batch: TrialBatch, receivedMs: number): void;
}

/** Numbers of the read that is being parsed, for all connections: a read is parsed in one go. */
let scratch = new Int32Array(4096);

export class LeanConnection {
  readonly connection: Connection;
  lastReadMs = performance.now();
  /** Waits for the answers owed before the full server takes over. */
  isHandingOver = false;
  readonly #server: LeanOwner;
  /** The beginning of a request whose rest has not come. */
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

  /** True when this is its first batch in this turn. */
  addDue(batch: TrialBatch): boolean {
    const isFirst = this.#firstDue === undefined;
    if (this.#lastDue === undefined) this.#firstDue = batch;
    else this.#lastDue.next = batch;
    this.#lastDue = batch;
    return isFirst;
  }

  /** The first of the batches that are due; the others follow by `next`. */
  takeDue(): TrialBatch | undefined {
    const first = this.#firstDue;
    this.#firstDue = undefined;
    this.#lastDue = undefined;
    return first;
  }

  /** The kernel has taken answers: the full server goes on when it has them all. */
  settled(): void {
    if (this.isHandingOver && this.connection.owedTrials === 0) this.#server.handOver(this.connection);
  }

  /** The kernel takes no more answers: beyond a limit no more requests are read until it does. */
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
    // A copy: a view would keep the whole read alive for the sake of a few bytes.
    else this.#rest = rest === undefined ? undefined : new Uint8Array(rest);
    if (count > 0) {
      const numbers = count === 1 ? (scratch[0] as number) : scratch.slice(0, count);
      this.#server.receive({ lean: this, numbers, count, next: undefined }, receivedMs);
    } else {
      this.settled();
    }
  };

  /** Reads no more: the bytes go back into the socket, and the full server gets it when all answers owed are out. */
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

/** The 'close' that follows gives up what is owed. */
function ignoreError(): void {}

/** As node:http does: a client that ends its half has left. */
function endSocket(this: Connection['socket']): void {
  this.end();
}
