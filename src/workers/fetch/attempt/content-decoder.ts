// Removes content codings from a body as it arrives (RFC 9110, section 8.4). Holds no more than a few blocks:
// the caller stops reading while `write` returns false, and may cancel at any time.

import type { Transform } from 'node:stream';
import type * as zlibModule from 'node:zlib';
import {
  decoderBytes,
  type DecoderLease,
  type DecoderMemory,
  MAX_ZSTD_WINDOW_LOG,
} from './decoder-memory.ts';

type Zlib = typeof zlibModule;
type Decompressor = Transform & Pick<zlibModule.Zlib, 'bytesWritten'>;

/** Value of Accept-Encoding, the best coding first. */
export const ACCEPT_ENCODING = 'zstd, br, gzip';
/** No server has a reason to put more codings on one body. */
const MAX_CODINGS = 3;

export interface DecoderEvents {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
  /** `write` has returned false, and may be called again now. */
  onDrain(): void;
}

const OPENERS: Readonly<Record<string, (zlib: Zlib) => Decompressor>> = {
  gzip: (zlib) => zlib.createGunzip(),
  'x-gzip': (zlib) => zlib.createGunzip(),
  deflate: (zlib) => zlib.createInflate(),
  br: (zlib) => zlib.createBrotliDecompress(),
  zstd: (zlib) =>
    zlib.createZstdDecompress({
      params: { [zlib.constants.ZSTD_d_windowLogMax]: MAX_ZSTD_WINDOW_LOG },
    }),
};
/** The codings of a body that has none. */
const NO_CODINGS: readonly string[] = [];

/**
 * What servers write in Content-Encoding for plain bytes: charsets, transfer encodings of mail, S3's framing
 * of uploads, and words for "none".
 */
const NO_CODING =
  /^(?:identity|none|null|no|off|plain|text|raw|binary|[78]bit|aws-chunked|ascii|us-ascii|utf-?(?:8|16|32)(?:[bl]e)?|iso-?8859-\d{1,2}|latin-?1|windows-?\d{3,4}|gb2312|gbk|big5|shift[-_]jis|euc-[jk][pr])$/u;

/** The codings of a body in the order they were put on; null when one is not known. */
export function parseCodings(field: string | undefined): readonly string[] | null {
  if (field === undefined) return NO_CODINGS;
  const codings = field
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && !NO_CODING.test(coding));
  const isKnown = codings.length <= MAX_CODINGS && codings.every((coding) => Object.hasOwn(OPENERS, coding));
  return isKnown ? codings : null;
}

/** Packed files by names and types, with the codings that servers then name once more in Content-Encoding. */
const ARCHIVES: readonly {
  readonly codings: readonly string[];
  readonly name: RegExp;
  readonly type: RegExp;
}[] = [
  {
    codings: ['gzip', 'x-gzip'],
    name: /\.(?:gz|tgz|gzip)$/iu,
    type: /^application\/(?:x-)?(?:gzip|gunzip|tgz|gtar|compressed-tar|gzip-compressed)\b/iu,
  },
  { codings: ['zstd'], name: /\.(?:zst|tzst)$/iu, type: /^application\/(?:x-)?zstd\b/iu },
  { codings: ['br'], name: /\.br$/iu, type: /^application\/(?:x-)?brotli\b/iu },
];

/**
 * The codings to remove from a body. A file that is itself packed (`a.tar.gz`, application/gzip) keeps its
 * own coding, as with browsers and curl, so that its name says what it is.
 * @param names that the file may have
 */
export function codingsToTakeOff(
  codings: readonly string[],
  names: readonly string[],
  type: string | undefined,
): readonly string[] {
  const [first] = codings;
  if (first === undefined) return codings;
  const archive = ARCHIVES.find((each) => each.codings.includes(first));
  const isStored =
    archive !== undefined &&
    (names.some((name) => archive.name.test(name)) || archive.type.test(type?.trim() ?? ''));
  return isStored ? codings.slice(1) : codings;
}

export class ContentDecoder {
  readonly #codings: readonly string[];
  readonly #memory: DecoderMemory;
  readonly #events: DecoderEvents;
  #lease: DecoderLease | null = null;
  #stages: Decompressor[] = [];
  /** Chunks that came before there was memory for a decoder. */
  #held: Buffer[] = [];
  /** Of each stage. */
  readonly #givenBytes: number[] = [];
  #isWhole = false;
  #isOver = false;

  constructor(codings: readonly string[], memory: DecoderMemory, events: DecoderEvents) {
    this.#codings = codings;
    this.#memory = memory;
    this.#events = events;
  }

  /** Takes a chunk. False: write no more until `onDrain`. */
  write(chunk: Buffer): boolean {
    const [first] = this.#stages;
    if (first !== undefined) return this.#writeTo(first, chunk);
    this.#held.push(chunk);
    if (this.#lease === null) {
      const bytes = this.#codings.reduce((sum, coding) => sum + decoderBytes(coding, chunk), 0);
      this.#lease = this.#memory.lease(bytes, () => this.#openLater());
      if (this.#lease.isHeld) return this.#open();
    }
    return false;
  }

  /** The last byte has come; `onEnd` or `onError` follows. */
  end(): void {
    this.#isWhole = true;
    const [first] = this.#stages;
    if (first !== undefined) first.end();
    // No byte came: that is an empty body, whatever coding it is said to have.
    else if (this.#lease === null) this.#settle(() => this.#events.onEnd());
  }

  /** Cancels; no event is called afterwards. */
  cancel(): void {
    this.#isOver = true;
    this.#held = [];
    for (const stage of this.#stages) stage.destroy();
    this.#lease?.release();
  }

  #openLater(): void {
    if (this.#isOver) return;
    if (this.#open()) this.#events.onDrain();
    if (this.#isWhole) this.#stages[0]?.end();
  }

  /** Opens the decoders. @returns whether more may be written at once */
  #open(): boolean {
    // Loaded on demand: most threads never need it, and loading takes 3 ms.
    const zlib = process.getBuiltinModule('node:zlib');
    const held = this.#held;
    this.#held = [];
    const firstByte = held[0]?.[0] ?? 0;
    this.#stages = this.#codings.toReversed().map((coding, at) => {
      // "deflate" means the format of zlib, but some servers leave its two header bytes out.
      const isRaw = coding === 'deflate' && at === 0 && (firstByte & 0x0f) !== 8;
      return isRaw ? zlib.createInflateRaw() : (OPENERS[coding] as (zlib: Zlib) => Decompressor)(zlib);
    });
    for (const [at, stage] of this.#stages.entries()) {
      stage.on('error', (error) => this.#settle(() => this.#events.onError(error)));
      const next = this.#stages[at + 1];
      if (next === undefined) continue;
      stage.on('data', ({ length }: Buffer) => {
        this.#givenBytes[at + 1] = (this.#givenBytes[at + 1] ?? 0) + length;
      });
      stage.pipe(next);
    }
    const first = this.#stages[0] as Decompressor;
    first.on('drain', () => {
      if (!this.#isOver) this.#events.onDrain();
    });
    const last = this.#stages.at(-1);
    last?.on('data', (chunk: Buffer) => {
      if (!this.#isOver) this.#events.onData(chunk);
    });
    last?.on('end', () => {
      const rest = this.#rest();
      this.#settle(() => (rest === null ? this.#events.onEnd() : this.#events.onError(rest)));
    });
    return held.map((chunk) => this.#writeTo(first, chunk)).every(Boolean);
  }

  #writeTo(first: Decompressor, chunk: Buffer): boolean {
    this.#givenBytes[0] = (this.#givenBytes[0] ?? 0) + chunk.length;
    return first.write(chunk);
  }

  /**
   * Finds bytes after the end of a decoder's stream, which the decoder ignores: a body with such bytes is not
   * what was sent.
   */
  #rest(): Error | null {
    for (const [at, { bytesWritten }] of this.#stages.entries()) {
      const restBytes = (this.#givenBytes[at] ?? 0) - bytesWritten;
      // Zeros after gzip are padding; its decoder has checked the bytes there.
      if (restBytes <= 0 || this.#codings.at(-1 - at)?.endsWith('gzip') === true) continue;
      return new Error(`expected the end after ${bytesWritten} bytes, found ${restBytes} more`);
    }
    return null;
  }

  #settle(tell: () => void): void {
    if (this.#isOver) return;
    this.cancel();
    tell();
  }
}
