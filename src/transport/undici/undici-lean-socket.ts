// A plain TCP socket for undici's HTTP/1.1 client, with only those parts of a net.Socket that the client
// uses. Reads land in a buffer that all sockets share, without a stream buffer, and the writes of one turn go
// out together.

import { EventEmitter } from 'node:events';
import type { TcpSocketConnectOpts } from 'node:net';
import { BareSocket } from '../socket/bare-socket.ts';

/** Shared by all sockets of a thread: what is read is copied before the next read can come. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

/** Emits `connect`, `readable`, `end`, `error` and `close` as a net.Socket does. */
export class UndiciLeanSocket extends EventEmitter {
  readonly #inner: InnerSocket;
  /** Pieces that were read and not yet taken; more than one only after `unshift`. */
  #pieces: Buffer[] = [];
  #isPaused = false;
  #hasEnded = false;
  #isEndEmitted = false;
  #text = '';
  /** A flush will come at the end of the read or of the turn, and takes what is written now with it. */
  #isFlushComing = false;

  readonly #isJoining: boolean;

  /**
   * Begins to connect.
   * @param isJoining whether several requests may be written in one turn and go out in one write
   */
  constructor(target: TcpSocketConnectOpts, isJoining: boolean) {
    super();
    this.#isJoining = isJoining;
    this.#inner = new InnerSocket(this, (byteCount) => this.#read(byteCount));
    this.#inner.connect(target);
  }

  get destroyed(): boolean {
    return this.#inner.destroyed;
  }

  get errored(): Error | null {
    return this.#inner.errored;
  }

  get writableNeedDrain(): boolean {
    return this.#inner.writableNeedDrain;
  }

  /** The next piece; null until `readable` is emitted. */
  read(): Buffer | null {
    const piece = this.#pieces.shift();
    if (piece === undefined) return null;
    if (this.#pieces.length === 0) this.#emptied();
    return piece;
  }

  /** Puts back what was read and not used. */
  unshift(piece: Buffer): void {
    if (piece.length > 0) this.#pieces.unshift(piece);
  }

  /** @param piece a head as latin1 text, or content as bytes */
  write(piece: string | Uint8Array): boolean {
    if (!this.#isJoining) {
      if (typeof piece !== 'string') return this.#inner.write(piece);
      return this.#inner.write(piece, 'latin1');
    }
    this.#text +=
      typeof piece === 'string'
        ? piece
        : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString('latin1');
    if (!this.#isFlushComing) {
      this.#isFlushComing = true;
      process.nextTick(() => this.#flush());
    }
    return !this.#inner.writableNeedDrain;
  }

  /** Lets head and content go out together. */
  cork(): void {
    this.#inner.cork();
  }

  uncork(): void {
    this.#inner.uncork();
  }

  destroy(error?: Error): this {
    this.#inner.destroy(error);
    return this;
  }

  resetAndDestroy(): this {
    this.#inner.resetAndDestroy();
    return this;
  }

  ref(): this {
    this.#inner.ref();
    return this;
  }

  unref(): this {
    this.#inner.unref();
    return this;
  }

  /** Has to exist: undici destroys only what has `pipe`, as a stream does. */
  pipe(): never {
    throw new TypeError('a lean socket is read by undici alone');
  }

  get localAddress(): string | undefined {
    return this.#inner.localAddress;
  }

  get localPort(): number | undefined {
    return this.#inner.localPort;
  }

  get remoteAddress(): string | undefined {
    return this.#inner.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#inner.remotePort;
  }

  get remoteFamily(): string | undefined {
    return this.#inner.remoteFamily;
  }

  get bytesRead(): number {
    return this.#inner.bytesRead;
  }

  get bytesWritten(): number {
    return this.#inner.bytesWritten;
  }

  #read(byteCount: number): boolean {
    // A copy of the answer's size: undici keeps parts of what it reads.
    this.#pieces.push(Buffer.from(READ_BUFFER.subarray(0, byteCount)));
    const isOutermost = !this.#isFlushComing;
    this.#isFlushComing = true;
    this.emit('readable');
    if (isOutermost) this.#flush();
    // Pieces that are not taken are back-pressure: reading stops, and the rest stays in the kernel.
    this.#isPaused = this.#pieces.length > 0;
    return !this.#isPaused;
  }

  #flush(): void {
    this.#isFlushComing = false;
    const text = this.#text;
    this.#text = '';
    if (text !== '' && !this.#inner.destroyed) this.#inner.write(text, 'latin1');
  }

  #emptied(): void {
    if (this.#isPaused) {
      this.#isPaused = false;
      this.#inner.resume();
    }
    this.#emitEnd();
  }

  /** The other side sends no more. */
  readEnd(): void {
    this.#hasEnded = true;
    this.#emitEnd();
  }

  #emitEnd(): void {
    if (!this.#hasEnded || this.#isEndEmitted || this.#pieces.length > 0) return;
    this.#isEndEmitted = true;
    process.nextTick(() => this.emit('end'));
  }
}

/** Emits the events that undici's client listens to. */
class InnerSocket extends BareSocket {
  readonly #outer: UndiciLeanSocket;

  constructor(outer: UndiciLeanSocket, read: (byteCount: number) => boolean) {
    super(READ_BUFFER, read);
    this.#outer = outer;
  }

  protected override whenConnected(): void {
    this.#outer.emit('connect');
  }

  protected override whenReadEnded(): void {
    this.#outer.readEnd();
  }

  protected override whenFailed(error: Error): void {
    this.#outer.emit('error', error);
  }

  protected override whenClosed(hadError: boolean): void {
    this.#outer.emit('close', hadError);
  }
}
