// The files of a packed sink: one series for each worker, so that threads never share a file. A record is written
// whole and at once; a segment that has grown past its size is closed after a record, never inside one.

import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Stored } from '../../model/outcome.ts';
import { IntentLog, type SegmentIntent } from '../intent-log.ts';
import { guardWrite } from '../../files/sink-error.ts';
import { writeAll } from '../../files/write-all.ts';

/** Small pieces are joined up to this size before they are written to the file. */
const JOIN_BYTES = 256 * 1024;

export interface SegmentOptions {
  /** Path of worker 0's first segment. */
  readonly file: string;
  readonly workerIndex: number;
  /** Directory of the notes on which files this series makes. */
  readonly partial: string;
  /** Null: the series begins here, and an existing file in its way is refused. */
  readonly firstSegment: number | null;
  readonly segmentBytes: number;
  readonly ends: SegmentEnds;
}

/** What a format writes around the records of every segment; nothing by default. */
export interface SegmentEnds {
  readonly preamble?: (fileName: string) => Buffer;
  readonly trailer?: Buffer;
}

/**
 * `out.warc.gz` is the first segment of worker 0, `out.w1.warc.gz` that of worker 1, `out.w1.s2.warc.gz` its third.
 * The stem of the file name is the part before its first dot.
 */
export function segmentFile(file: string, workerIndex: number, segmentIndex: number): string {
  const name = basename(file);
  const dot = name.indexOf('.', 1);
  const stem = dot === -1 ? name : name.slice(0, dot);
  const worker = workerIndex === 0 ? '' : `.w${workerIndex}`;
  const segment = segmentIndex === 0 ? '' : `.s${segmentIndex}`;
  return join(dirname(file), `${stem}${worker}${segment}${dot === -1 ? '' : name.slice(dot)}`);
}

/** The worker and number of the segment called `name`; null when it is no segment of `file`. */
export function parseSegmentName(
  file: string,
  name: string,
): { workerIndex: number; segmentIndex: number } | null {
  const first = basename(file);
  const dot = first.indexOf('.', 1);
  const [stem, ending] = dot === -1 ? [first, ''] : [first.slice(0, dot), first.slice(dot)];
  if (!name.startsWith(stem) || !name.endsWith(ending) || name.length < first.length) return null;
  const match = /^(?:\.w([1-9]\d*))?(?:\.s([1-9]\d*))?$/u.exec(
    name.slice(stem.length, name.length - ending.length),
  );
  return match === null
    ? null
    : { workerIndex: Number(match[1] ?? '0'), segmentIndex: Number(match[2] ?? '0') };
}

export class SegmentSeries {
  readonly #options: SegmentOptions;
  readonly #claims: IntentLog<SegmentIntent>;
  #fd = -1;
  #segmentIndex: number;
  #path = '';
  #sizeBytes = 0;
  #name = '';
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(options: SegmentOptions) {
    this.#options = options;
    this.#claims = new IntentLog(options.partial, options.workerIndex);
    this.#segmentIndex = options.firstSegment ?? 0;
  }

  /**
   * Writes one record; after an error the segment is truncated to the record before it.
   * @throws SpillwayError ERR_SINK
   */
  append(pieces: Iterable<Uint8Array>): Omit<Stored, 'isRenamed'> {
    if (this.#fd === -1) this.#open();
    const offsetBytes = this.#sizeBytes;
    const path = this.#name;
    try {
      this.#write(pieces);
    } catch (error) {
      this.#cutBack(offsetBytes);
      throw error;
    }
    const storedBytes = this.#sizeBytes - offsetBytes;
    if (this.#sizeBytes >= this.#options.segmentBytes) this.close();
    return { path, offsetBytes, storedBytes };
  }

  /** Ends the open segment. The next record, if any, opens another one. */
  close(): void {
    if (this.#fd === -1) return;
    const { trailer } = this.#options.ends;
    if (trailer !== undefined) this.#write([trailer]);
    const fd = this.#fd;
    this.#fd = -1;
    this.#segmentIndex++;
    guardWrite('close', this.#path, () => closeSync(fd));
  }

  /** Call it after `close`, when nothing more will come. */
  end(): void {
    this.#claims.close();
  }

  #open(): void {
    const { ends } = this.#options;
    this.#fd = this.#make();
    this.#name = basename(this.#path);
    this.#sizeBytes = 0;
    if (ends.preamble === undefined) return;
    try {
      this.#write([ends.preamble(this.#name)]);
    } catch (error) {
      closeSync(this.#fd);
      this.#fd = -1;
      unlinkSync(this.#path);
      throw error;
    }
  }

  /** Makes the next file of the series; an existing file belongs to somebody else and is never written to. */
  #make(): number {
    const { file, workerIndex, firstSegment } = this.#options;
    for (;;) {
      const segmentIndex = this.#segmentIndex;
      const path = segmentFile(file, workerIndex, segmentIndex);
      this.#path = path;
      // Noted before and after: a file that is only claimed counts as ours while it is empty.
      this.#claims.add({ segmentIndex, isMade: false });
      try {
        const fd = guardWrite('make', path, () => openSync(path, 'wx', 0o666));
        this.#claims.add({ segmentIndex, isMade: true });
        return fd;
      } catch (error) {
        const isThere = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EEXIST';
        if (!isThere || firstSegment === null) throw error;
        this.#segmentIndex++;
      }
    }
  }

  #write(pieces: Iterable<Uint8Array>): void {
    this.#held = [];
    this.#heldBytes = 0;
    for (const piece of pieces) {
      // The producer may reuse the buffer of a large piece, so it is written before the next one is requested.
      if (this.#heldBytes + piece.length > JOIN_BYTES) {
        this.#flush();
        this.#writeAll(piece);
      } else {
        this.#held.push(piece);
        this.#heldBytes += piece.length;
      }
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#heldBytes === 0) return;
    const [only] = this.#held;
    this.#writeAll(this.#held.length === 1 && only !== undefined ? only : Buffer.concat(this.#held));
    this.#held = [];
    this.#heldBytes = 0;
  }

  #writeAll(bytes: Uint8Array): void {
    guardWrite('write', this.#path, () => writeAll(this.#fd, bytes));
    this.#sizeBytes += bytes.length;
  }

  #cutBack(sizeBytes: number): void {
    try {
      ftruncateSync(this.#fd, sizeBytes);
    } catch {
      // Reports the original error; resuming truncates the segment again.
    }
    this.#sizeBytes = sizeBytes;
  }
}
