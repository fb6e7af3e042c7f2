// What decoders may hold at once, over all answers of a worker: an answer says itself how large a window its decoder
// keeps, and a hundred of them that say the most are gigabytes. Who finds no room waits for whoever came before.

/** RFC 9659: no decoder of zstd over HTTP has to keep more than 8 MB. */
export const MAX_ZSTD_WINDOW_LOG = 23;
/** Decoders beside their windows: tables, and a block on its way. */
const TABLES_BYTES = 512 * 1024;
/** Inflate keeps 32 KiB and some tables. */
const INFLATE_BYTES = 64 * 1024;
/** Of RFC 7932: 16 MiB. */
const MAX_BROTLI_WINDOW_LOG = 24;
const ZSTD_MAGIC = 0xfd2fb528;

/** Room that was given, until it is given back. Harmless to give back twice. */
export interface DecoderLease {
  readonly isHeld: boolean;
  release(): void;
}

export class DecoderMemory {
  readonly #maxBytes: number;
  #usedBytes = 0;
  #waiting: Lease[] = [];

  /** @param maxBytes what is asked for beyond it is given when nothing else is held */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** @param onGranted called where there is no room at once, as soon as there is */
  lease(bytes: number, onGranted: () => void): DecoderLease {
    const lease = new Lease(bytes, onGranted, (over) => this.#takeBack(over));
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) this.#give(lease);
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
      if (next === undefined || !this.#hasRoom(next.bytes)) return;
      this.#waiting.shift();
      this.#give(next);
      next.onGranted();
    }
  }

  #hasRoom(bytes: number): boolean {
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

/** What a decoder of `coding` holds for a stream that begins with `first`; the most it may where that does not say. */
export function decoderBytes(coding: string, first: Buffer): number {
  if (coding === 'br') return 2 ** brotliWindowLog(first[0] ?? 0) + TABLES_BYTES;
  if (coding === 'zstd') return zstdWindowBytes(first) + TABLES_BYTES;
  return INFLATE_BYTES;
}

/** RFC 7932, section 9.1: one to seven bits. */
function brotliWindowLog(first: number): number {
  if ((first & 1) === 0) return 16;
  const next = (first >> 1) & 7;
  if (next !== 0) return 17 + next;
  const last = (first >> 4) & 7;
  return last === 0 ? 17 : last === 1 ? MAX_BROTLI_WINDOW_LOG : 8 + last;
}

/** RFC 8878, section 3.1.1.1. */
function zstdWindowBytes(first: Buffer): number {
  const most = 2 ** MAX_ZSTD_WINDOW_LOG;
  if (first.length < 14 || first.readUInt32LE(0) !== ZSTD_MAGIC) return most;
  const descriptor = first[4] as number;
  if ((descriptor & 0x20) === 0) {
    const window = first[5] as number;
    const base = 2 ** (10 + (window >> 3));
    return Math.min(most, base + (base / 8) * (window & 7));
  }
  // One segment: the window is the content.
  const at = 5 + ([0, 1, 2, 4][descriptor & 3] as number);
  const sizes = [() => first[at], () => first.readUInt16LE(at) + 256, () => first.readUInt32LE(at)];
  return Math.min(most, sizes[descriptor >> 6]?.() ?? most);
}
