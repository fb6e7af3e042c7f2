// A body while it is on its way: in memory as long as it is small, in a temporary file beyond. Knows its length and
// SHA-256 at the end. Every sink that needs a whole body before it can write builds on it.

import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, linkSync, openSync, readSync, renameSync, unlinkSync, utimesSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { guardWrite } from '../files/sink-error.ts';
import { writeAll } from '../files/write-all.ts';

/** Bodies up to this stay in memory until they are whole: one open, write, close and rename each. */
export const SPOOL_MEMORY_BYTES = 64 * 1024;
const READ_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export interface SpoolOptions {
  /** Where a larger body waits; nothing is created there for a small one until `publish`. */
  readonly tempPath: string;
  readonly expectedBytes: number | null;
  /** It will be published: a body that comes in one piece goes to its file at once, from where it was read. */
  readonly isForFile: boolean;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #tempPath: string;
  /** Holds a small body that came in several pieces, or is not for a file; null before and after. */
  #held: Buffer | null = null;
  /** Bytes of `#held`, not yet in the file. */
  #heldBytes = 0;
  #bytes = 0;
  #hash: Hash | undefined;
  /** Of a body that came in one piece: at once, half of what a Hash object costs. */
  #wholeSha256: string | undefined;
  #fd = -1;
  #hasFile = false;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#tempPath = options.tempPath;
  }

  /**
   * A body that an earlier process or thread has left, to be gone on with; null where its file is not there. What lies in
   * the file is read and hashed, in pieces between which other work goes on.
   */
  static async reopen(options: SpoolOptions): Promise<Spool | null> {
    const file = await openIfThere(options.tempPath);
    if (file === null) return null;
    const spool = new Spool(options);
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, spool.#bytes);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
        spool.#bytes += bytesRead;
      }
    } finally {
      await file.close();
    }
    spool.#hash = hash;
    spool.#hasFile = true;
    return spool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Lets go of memory and of the file descriptor until the next `write`: all that came so far is in the file then. */
  suspend(): void {
    this.#hashOn();
    if (!this.#hasFile) this.#flush();
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** `chunk` is used up when it returns. */
  write(chunk: Buffer): void {
    const { expectedBytes, isForFile } = this.#options;
    const isWhole = isForFile && this.#bytes === 0 && chunk.length === expectedBytes;
    this.#bytes += chunk.length;
    if (!this.#hasFile && !isWhole && this.#bytes <= SPOOL_MEMORY_BYTES) {
      this.#hold(chunk);
      return;
    }
    if (isWhole) {
      this.#wholeSha256 = hash('sha256', chunk, 'hex');
      this.#toFile(chunk);
      return;
    }
    const isFirst = this.#hash === undefined;
    this.#hashOn(chunk.length);
    if (isFirst) this.#flush();
    this.#hash?.update(chunk);
    this.#toFile(chunk);
  }

  /** From here on the hash takes pieces. @param laterBytes counted already, and in no file yet */
  #hashOn(laterBytes = 0): void {
    if (this.#hash !== undefined) return;
    this.#hash = createHash('sha256').update(this.#heldPiece());
    // More came than was expected, or less is sure: what is in the file already is hashed again.
    if (this.#wholeSha256 !== undefined)
      for (const piece of this.#filePieces(this.#bytes - laterBytes)) this.#hash.update(piece);
    this.#wholeSha256 = undefined;
  }

  /** SHA-256 of all that was written, in hexadecimal. Call it once, after the last `write`. */
  digest(): string {
    return this.#hash?.digest('hex') ?? this.#wholeSha256 ?? hash('sha256', this.#heldPiece(), 'hex');
  }

  /** The whole body, in pieces that are valid until the next one is asked for. */
  pieces(): Iterable<Buffer> {
    return this.#hasFile ? this.#filePieces() : this.#heldBytes === 0 ? [] : [this.#heldPiece()];
  }

  /** The time that the file will have; null for now. Call it after the last `write`. */
  setTime(ms: number | null): void {
    if (ms === null) return;
    if (!this.#hasFile) this.#flush();
    guardWrite('set the time of', this.#tempPath, () => utimesSync(this.#tempPath, new Date(), new Date(ms)));
  }

  /** Makes the body a file at `path`, at once and whole. False: something stands there, and nothing is done. */
  publish(path: string): boolean {
    if (!this.#hasFile) this.#flush();
    const isPublished = guardWrite('write', path, () => {
      const fd = this.#fd;
      this.#fd = -1;
      if (fd !== -1) closeSync(fd);
      return moveToNew(this.#tempPath, path);
    });
    this.#hasFile = !isPublished;
    return isPublished;
  }

  /** Lets go of memory and of the temporary file; never throws. Harmless after `publish`. */
  release(): void {
    this.#held = null;
    this.#heldBytes = 0;
    try {
      if (this.#fd !== -1) closeSync(this.#fd);
      if (this.#hasFile) unlinkSync(this.#tempPath);
    } catch {
      // The temporary file stays behind under a name that says so; the failure that led here is already told.
    }
    this.#fd = -1;
    this.#hasFile = false;
  }

  #hold(chunk: Buffer): void {
    const { expectedBytes } = this.#options;
    const neededBytes = this.#heldBytes + chunk.length;
    if (this.#held === null || this.#held.length < neededBytes) {
      const roomBytes = Math.max(neededBytes, Math.min(expectedBytes ?? 2 * neededBytes, SPOOL_MEMORY_BYTES));
      const larger = Buffer.allocUnsafe(roomBytes);
      this.#held?.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    chunk.copy(this.#held, this.#heldBytes);
    this.#heldBytes = neededBytes;
  }

  #heldPiece(): Buffer {
    return this.#held?.subarray(0, this.#heldBytes) ?? NOTHING;
  }

  *#filePieces(bytes = this.#bytes): Generator<Buffer> {
    this.#openAgain();
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, bytes));
    for (let position = 0; position < bytes; ) {
      const count = guardWrite('read again', this.#tempPath, () =>
        readSync(this.#fd, buffer, 0, buffer.length, position),
      );
      if (count === 0) return;
      position += count;
      yield buffer.subarray(0, count);
    }
  }

  /** Brings what is held in memory into the temporary file, which it opens if need be. */
  #flush(): void {
    this.#toFile(this.#heldPiece());
    this.#held = null;
    this.#heldBytes = 0;
  }

  #toFile(bytes: Buffer): void {
    this.#openAgain();
    guardWrite('write', this.#tempPath, () => {
      if (this.#fd === -1) {
        this.#fd = openSync(this.#tempPath, 'w+', 0o666);
        this.#hasFile = true;
      }
      writeAll(this.#fd, bytes);
    });
  }

  /** After `suspend`, at the end of what is there. */
  #openAgain(): void {
    if (!this.#hasFile || this.#fd !== -1) return;
    guardWrite('open again', this.#tempPath, () => {
      this.#fd = openSync(this.#tempPath, 'a+', 0o666);
    });
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Moves a file to a name that is free, and never over another: a rename would replace what others put there meanwhile. */
function moveToNew(from: string, to: string): boolean {
  try {
    linkSync(from, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (!LINKLESS.has(code)) throw error;
    return moveOverOwn(from, to);
  }
  unlinkSync(from);
  return true;
}

/** Of file systems without hard links: the name is taken by an empty file first, which the move replaces. */
function moveOverOwn(from: string, to: string): boolean {
  try {
    closeSync(openSync(to, 'wx'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  renameSync(from, to);
  return true;
}

const LINKLESS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EINVAL']);
