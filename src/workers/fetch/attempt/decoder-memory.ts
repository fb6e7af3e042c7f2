// Bounds the memory of all decoders of a worker. Each answer states how large a window its decoder keeps, and
// a hundred answers that state the most would take gigabytes. A decoder for which there is no memory waits
// its turn.

/** RFC 9659: no decoder of zstd over HTTP has to keep more than 8 MB. */
export const MAX_ZSTD_WINDOW_LOG = 23;
/** Memory of a decoder besides its window: tables and a block on its way. */
const TABLES_BYTES = 512 * 1024;
/** Inflate keeps 32 KiB and some tables. */
const INFLATE_BYTES = 64 * 1024;
/** Largest window of RFC 7932: 16 MiB. */
const MAX_BROTLI_WINDOW_LOG = 24;
const ZSTD_MAGIC = 0xfd2fb528;

/** Memory that was granted, until it is given back. Giving it back twice is harmless. */
export interface DecoderLease {
  readonly isHeld: boolean;
  release(): void;
}

export class DecoderMemory {
  readonly #maxBytes: number;
  #usedBytes = 0;
  #waiting: Lease[] = [];

  /** @param maxBytes a request for more than this is granted while nothing else is held */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Asks for memory. @param onGranted called later, where it could not be granted at once */
  lease(bytes: number, onGranted: () => void): DecoderLease {
    const lease = new Lease(bytes, onGranted, (over) => this.#takeBack(over));
    if (this.#waiting.length === 0 && this.#fits(bytes)) this.#give(lease);
    else this.#waiting.push(lease);
    return lease;
  }

  #give(lease: Lease): void {
    lease.isHeld = true;
    this.#usedBytes += lease.bytes;
  }

  #takeBack(lease: Lease): void {
    if (lease.isHeld) this.#usedBytes -= lease.bytes;
    else this.#waiting = this.#waiting.filter((other) => other !== lease);
    lease.isHeld = false;
    for (;;) {
      const [next] = this.#waiting;
      if (next === undefined || !this.#fits(next.bytes)) return;
      this.#waiting.shift();
      this.#give(next);
      next.onGranted();
    }
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#maxBytes;
  }
}

class Lease implements DecoderLease {
  readonly bytes: number;
  readonly onGranted: () => void;
  isHeld = false;
  readonly #onRelease: (lease: Lease) => void;

  constructor(bytes: number, onGranted: () => void, onRelease: (lease: Lease) => void) {
    this.bytes = bytes;
    this.onGranted = onGranted;
    this.#onRelease = onRelease;
  }

  release(): void {
    this.#onRelease(this);
  }
}

/**
 * Bytes that a decoder of `coding` holds for a stream that begins with `first`; the most possible where that
 * does not say.
 */
export function decoderBytes(coding: string, first: Buffer): number {
  if (coding === 'br') return 2 ** brotliWindowLog(first[0] ?? 0) + TABLES_BYTES;
  if (coding === 'zstd') return zstdWindowBytes(first) + TABLES_BYTES;
  return INFLATE_BYTES;
}

/** Window of a brotli stream (RFC 7932, section 9.1: one to seven bits). */
function brotliWindowLog(first: number): number {
  if ((first & 1) === 0) return 16;
  const next = (first >> 1) & 7;
  if (next !== 0) return 17 + next;
  const last = (first >> 4) & 7;
  return last === 0 ? 17 : last === 1 ? MAX_BROTLI_WINDOW_LOG : 8 + last;
}

/** Window of a zstd frame (RFC 8878, section 3.1.1.1). */
function zstdWindowBytes(first: Buffer): number {
  const most = 2 ** MAX_ZSTD_WINDOW_LOG;
  if (first.length < 14 || first.readUInt32LE(0) !== ZSTD_MAGIC) return most;
  const descriptor = first[4] as number;
  if ((descriptor & 0x20) === 0) {
    const window = first[5] as number;
    const base = 2 ** (10 + (window >> 3));
    return Math.min(most, base + (base / 8) * (window & 7));
  }
  // Single segment: the window is as large as the content.
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  const sizes = [() => first[at], () => first.readUInt16LE(at) + 256, () => first.readUInt32LE(at)];
  return Math.min(most, sizes[descriptor >> 6]?.() ?? most);
}
