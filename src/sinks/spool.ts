// A body while it is on its way: in memory while it is small, in a temporary file beyond that. Knows its length and
// SHA-256 at the end. Every sink that needs a whole body before it can write uses it.

import { createHash, type Hash, hash } from 'node:crypto';
import { closeSync, linkSync, openSync, readSync, renameSync, unlinkSync, utimesSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { guardWrite } from '../files/sink-error.ts';
import { writeAll } from '../files/write-all.ts';

/** Bodies up to this size stay in memory until they are whole: one open, write, close and rename for each. */
export const SPOOL_MEMORY_BYTES = 64 * 1024;
const READ_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);

export interface SpoolOptions {
  /** Where a larger body waits; a small one creates nothing there until `publish`. */
  readonly tempPath: string;
  readonly expectedBytes: number | null;
  /** The body will be published: if it comes in one piece it is written to its file at once, without a copy. */
  readonly isForFile: boolean;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #tempPath: string;
  /** Holds a small body that came in several pieces, or is not for a file; null before and afterwards. */
  #held: Buffer | null = null;
  /** Bytes of `#held`, not yet in the file. */
  #heldBytes = 0;
  #bytes = 0;
  #hash: Hash | undefined;
  /** Hash of a body that came in one piece: computed at once, for half of what a Hash object costs. */
  #wholeSha256: string | undefined;
  #fd = -1;
  #hasFile = false;

  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#tempPath = options.tempPath;
  }

  /**
   * Opens a body that an earlier process or thread left, to continue it; null where its file is missing. Reads and
   * hashes the file in pieces, with other work between them.
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

  /** Releases memory and the file descriptor until the next `write`: everything received is in the file then. */
  suspend(): void {
    this.#hashOn();
    if (!this.#hasFile) this.#flush();
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** Takes a piece; `chunk` may be reused once it returns. */
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

  /** Makes the hash take pieces from here on. @param laterBytes counted already, but in no file yet */
  #hashOn(laterBytes = 0): void {
    if (this.#hash !== undefined) return;
    this.#hash = createHash('sha256').update(this.#heldPiece());
    // The body is longer than expected, or its length is uncertain: hashes again what is in the file already.
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

  /** Sets the time of the file; null leaves the present. Call it after the last `write`. */
  setTime(ms: number | null): void {
    if (ms === null) return;
    if (!this.#hasFile) this.#flush();
    guardWrite('set the time of', this.#tempPath, () => utimesSync(this.#tempPath, new Date(), new Date(ms)));
  }

  /** Makes the body a file at `path` in one step. Returns false, and does nothing, where something stands there. */
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

  /** Releases memory and removes the temporary file; never throws. Harmless after `publish`. */
  release(): void {
    this.#held = null;
    this.#heldBytes = 0;
    try {
      if (this.#fd !== -1) closeSync(this.#fd);
      if (this.#hasFile) unlinkSync(this.#tempPath);
    } catch {
      // The temporary file stays behind with a name that shows what it is; the original failure is already reported.
    }
    this.#fd = -1;
    this.#hasFile = false;
  }

  #hold(chunk: Buffer): void {
    const { expectedBytes } = this.#options;
    const neededBytes = this.#heldBytes + chunk.length;
    if (this.#held === null || this.#held.length < neededBytes) {
      const capacityBytes = Math.max(
        neededBytes,
        Math.min(expectedBytes ?? 2 * neededBytes, SPOOL_MEMORY_BYTES),
      );
      const larger = Buffer.allocUnsafe(capacityBytes);
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

  /** Writes what is held in memory to the temporary file, which it opens if necessary. */
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

  /** Reopens the file after `suspend`, at its end. */
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

/** Moves a file to a free name, never over another file: a rename would replace what others put there meanwhile. */
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

/** For file systems without hard links: an empty file takes the name first, and the move replaces it. */
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
