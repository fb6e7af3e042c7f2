// A TCP connection as a stream below TLS, which tells whether the end came from TLS (close_notify) or only
// from TCP. Node's TLS over its own TCP reports both alike but is faster, so this serves only answers that
// need it.

import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';

export class WatchedStream extends Duplex {
  readonly #socket: Socket;
  /** TCP has ended without a close_notify of TLS. */
  isCut = false;
  #isHeld = false;

  constructor(host: string, port: number) {
    super({ allowHalfOpen: true, emitClose: true });
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    this.#socket.on('data', (chunk) => {
      if (!this.push(chunk)) this.#socket.pause();
    });
    // TLS reads the bytes before the end first, and has ended by then if a close_notify was among them.
    this.#socket.on('end', () => setImmediate(() => this.#cut()));
    this.#socket.on('error', (error) => this.destroy(error));
    this.#socket.on('close', () => this.destroy());
  }

  /** Stops reading from TCP for now; what was read already is still delivered. */
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
