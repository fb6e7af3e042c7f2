// Joins the answers that leave through one socket in one turn into one write. The answers of a pipeline are
// due together, and node:http writes each with its own system call, which is half of what an answer costs.

import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

interface Piece {
  readonly chunk: string | Buffer;
  readonly encoding: BufferEncoding;
}

/** When more than this waits for the kernel, the writer waits too. */
const MAX_HELD_LENGTH = 64 * 1024;

/**
 * Makes everything written to `socket` from now on leave at the end of the turn. Errors are handled as
 * without it.
 */
export function joinWrites(socket: Socket): void {
  const joined = new JoinedWrites(socket);
  Object.assign(socket, {
    _write: (chunk: string | Buffer, encoding: BufferEncoding, done: Done) =>
      joined.add([{ chunk, encoding }], done),
    _writev: (pieces: readonly Piece[], done: Done) => joined.add(pieces, done),
    _final: (done: Done) => joined.end(done),
    _destroy: (error: Error | null, done: Done) => joined.destroy(error, done),
  });
}

class JoinedWrites {
  readonly #socket: Socket;
  /** The socket's original methods, which write to the kernel. */
  readonly #write: Socket['_write'];
  readonly #writeMany: (pieces: Piece[], done: Done) => void;
  readonly #final: Socket['_final'];
  readonly #destroy: Socket['_destroy'];
  #held: Piece[] = [];
  #heldLength = 0;
  #isFlushComing = false;
  #isWriting = false;
  /** The callback of the writer that has to wait, or of the end. */
  #next: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#write = socket._write.bind(socket);
    this.#writeMany = (socket._writev as NonNullable<Socket['_writev']>).bind(socket);
    this.#final = socket._final.bind(socket);
    this.#destroy = socket._destroy.bind(socket);
  }

  add(pieces: readonly Piece[], done: Done): void {
    for (const piece of pieces) {
      this.#held.push(piece);
      this.#heldLength += piece.chunk.length;
    }
    // A pipeline's next answer is written when this callback is called: calling it at once lets that answer
    // join this one.
    if (this.#isWriting || this.#heldLength >= MAX_HELD_LENGTH) this.#next = done;
    else done();
    this.#flushLater();
  }

  end(done: Done): void {
    const finish = (): void => this.#final(done);
    if (!this.#isWriting && this.#held.length === 0) {
      finish();
      return;
    }
    this.#next = finish;
    if (!this.#isWriting) this.#flush();
  }

  /** Gives what was written before to the kernel, as far as the kernel takes it. */
  destroy(error: Error | null, done: Done): void {
    this.#flush();
    this.#destroy(error, done);
  }

  #flushLater(): void {
    if (this.#isFlushComing || this.#isWriting) return;
    this.#isFlushComing = true;
    setImmediate(() => {
      this.#isFlushComing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const pieces = this.#held;
    if (this.#isWriting || pieces.length === 0) return;
    this.#held = [];
    this.#heldLength = 0;
    this.#isWriting = true;
    const written: Done = (error) => this.#written(error);
    if (pieces.every(isText)) this.#write(pieces.map(({ chunk }) => chunk).join(''), 'utf8', written);
    else this.#writeMany(pieces, written);
  }

  #written(error: Error | null | undefined): void {
    this.#isWriting = false;
    if (error) {
      this.#socket.destroy(error);
      return;
    }
    if (this.#socket.destroyed) return;
    const next = this.#next;
    this.#next = undefined;
    next?.();
    this.#flush();
  }
}

function isText({ chunk, encoding }: Piece): boolean {
  return typeof chunk === 'string' && (encoding === 'utf8' || encoding === 'utf-8');
}
