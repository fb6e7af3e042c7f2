// A body while it is on its way: in memory as long as it is small, in a temporary file beyond. Knows its length and
// SHA-256 at the end. Every sink that needs a whole body before it can write builds on it.

import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, openSync, readSync, renameSync, unlinkSync, writeSync, writevSync } from 'node:fs';
import { guardWrite } from './sink-error.ts';

/** Bodies up to this stay in memory until they are whole: one open, write, close and rename each. */
export const SPOOL_MEMORY_BYTES = 64 * 1024;
/** Larger bodies go to disk in pieces of about this size. */
const WRITE_BYTES = 256 * 1024;
const READ_BYTES = 1024 * 1024;

export class Spool {
  readonly #tempPath: string;
  #chunks: Buffer[] = [];
  /** Bytes of `#chunks`, not yet in the file. */
  #heldBytes = 0;
  #bytes = 0;
  #hash: Hash | undefined;
  #fd = -1;
  #hasFile = false;

  /** @param tempPath where a larger body waits; nothing is created there for a small one until `publish` */
  constructor(tempPath: string) {
    this.#tempPath = tempPath;
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#heldBytes += chunk.length;
    this.#chunks.push(chunk);
    if (this.#hash !== undefined) {
      this.#hash.update(chunk);
      if (this.#heldBytes >= WRITE_BYTES) this.#flush();
    } else if (this.#bytes > SPOOL_MEMORY_BYTES) {
      this.#hash = createHash('sha256');
      for (const held of this.#chunks) this.#hash.update(held);
      this.#flush();
    }
  }

  /** SHA-256 of all that was written, in hexadecimal. Call it once, after the last `write`. */
  digest(): string {
    if (this.#hash !== undefined) return this.#hash.digest('hex');
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return hash('sha256', only, 'hex');
    return hash('sha256', Buffer.concat(this.#chunks), 'hex');
  }

  /** The whole body, in pieces that are valid until the next one is asked for. */
  *pieces(): Generator<Buffer> {
    if (!this.#hasFile) {
      yield* this.#chunks;
      return;
    }
    this.#flush();
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, this.#bytes));
    for (let position = 0; position < this.#bytes; ) {
      const count = guardWrite(`read ${this.#tempPath} again`, () =>
        readSync(this.#fd, buffer, 0, buffer.length, position),
      );
      if (count === 0) return;
      position += count;
      yield buffer.subarray(0, count);
    }
  }

  /** Makes the body a file at `path`, at once and whole. Replaces what stands there. */
  publish(path: string): void {
    this.#flush();
    guardWrite(`write ${path}`, () => {
      const fd = this.#fd;
      this.#fd = -1;
      closeSync(fd);
      renameSync(this.#tempPath, path);
    });
    this.#hasFile = false;
  }

  /** Lets go of memory and of the temporary file; never throws. Harmless after `publish`. */
  release(): void {
    this.#chunks = [];
    try {
      if (this.#fd !== -1) closeSync(this.#fd);
      if (this.#hasFile) unlinkSync(this.#tempPath);
    } catch {
      // The temporary file stays behind under a name that says so; the failure that led here is already told.
    }
    this.#fd = -1;
    this.#hasFile = false;
  }

  /** Brings what is held in memory into the temporary file, which it opens if need be. */
  #flush(): void {
    guardWrite(`write ${this.#tempPath}`, () => {
      if (this.#fd === -1) {
        this.#fd = openSync(this.#tempPath, 'w+', 0o666);
        this.#hasFile = true;
      }
      if (this.#heldBytes > 0) writeAll(this.#fd, this.#chunks, this.#heldBytes);
    });
    this.#chunks = [];
    this.#heldBytes = 0;
  }
}

/** Writes `chunks` at the file's position. A short write, as a nearly full disk makes it, is carried on with. */
function writeAll(fd: number, chunks: readonly Buffer[], totalBytes: number): void {
  const [only] = chunks;
  const written = chunks.length === 1 && only !== undefined ? writeSync(fd, only) : writevSync(fd, chunks);
  if (written === totalBytes) return;
  const rest = Buffer.concat(chunks).subarray(written);
  for (let start = 0; start < rest.length; ) start += writeSync(fd, rest, start);
}
