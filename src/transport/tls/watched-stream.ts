// A TCP connection that TLS is put over as a stream, so that it is known whether the end came from TLS (close_notify) or
// from TCP alone. Slower than Node's TLS over its own TCP, which tells both as one: for answers that need it.

import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class WatchedStream extends Duplex {
  readonly #socket: Socket;
  /** TCP has ended, and TLS had not. */
  isCut = false;
  #isHeld = false;

  constructor(host: string, port: number) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.#socket.on('data', (chunk) => {
      if (!this.push(chunk)) this.#socket.pause();
    });
    // TLS reads what came before first, and then has ended if a close_notify was in it.
    this.#socket.on('end', () => setImmediate(() => this.#cut()));
    this.#socket.on('error', (error) => this.destroy(error));
    this.#socket.on('close', () => this.destroy());
  }

  /** Reads no more from TCP for now: what was read already is still told. */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  release(): void {
    this.#isHeld = false;
    this.#socket.resume();
  }

  override _read(): void {
    if (!this.#isHeld) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #cut(): void {
    this.isCut = true;
    this.push(null);
  }
}
