// Takes content codings off a body as it arrives (RFC 9110, section 8.4). Holds no more than a few blocks: the caller
// stops reading while `write` says so, and may let go at any piece.

import type { Transform } from 'node:stream';
import type * as zlibModule from 'node:zlib';

type Zlib = typeof zlibModule;

/** What is asked for, best first. */
export const ACCEPT_ENCODING = 'zstd, br, gzip';
/** A server has no reason to pack one body more often. */
const MAX_CODINGS = 3;

export interface DecoderEvents {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
  /** There is room again after `write` returned false. */
  onDrain(): void;
}

const OPENERS: Readonly<Record<string, (zlib: Zlib) => Transform>> = {
  gzip: (zlib) => zlib.createGunzip(),
  'x-gzip': (zlib) => zlib.createGunzip(),
  deflate: (zlib) => zlib.createInflate(),
  br: (zlib) => zlib.createBrotliDecompress(),
  zstd: (zlib) => zlib.createZstdDecompress(),
};
/** Of a body as it is. */
const NO_CODINGS: readonly string[] = [];

/** The codings of a body in the order they were put on; null when one is not known. */
export function parseCodings(field: string | undefined): readonly string[] | null {
  if (field === undefined) return NO_CODINGS;
  const codings = field
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const isKnown = codings.length <= MAX_CODINGS && codings.every((coding) => Object.hasOwn(OPENERS, coding));
  return isKnown ? codings : null;
}

export class ContentDecoder {
  readonly #codings: readonly string[];
  readonly #events: DecoderEvents;
  #stages: Transform[] = [];
  #isOver = false;

  constructor(codings: readonly string[], events: DecoderEvents) {
    this.#codings = codings;
    this.#events = events;
  }

  /** False: read no more until `onDrain`. */
  write(chunk: Buffer): boolean {
    if (this.#stages.length === 0) this.#open(chunk);
    return this.#stages[0]?.write(chunk) ?? true;
  }

  /** All bytes are in; `onEnd` or `onError` follows. */
  end(): void {
    const [first] = this.#stages;
    if (first === undefined) {
      // No byte came: a body of length 0 with a coding is an empty body, whatever was said about it.
      this.#settle(() => this.#events.onEnd());
    } else {
      first.end();
    }
  }

  /** Lets go; nothing is called after. */
  cancel(): void {
    this.#isOver = true;
    for (const stage of this.#stages) stage.destroy();
  }

  #open(first: Buffer): void {
    // Most threads never need it, and loading it takes 3 ms.
    const zlib = process.getBuiltinModule('node:zlib');
    this.#stages = this.#codings.toReversed().map((coding, at) => {
      // "deflate" means zlib's format, but some servers leave its two bytes away.
      const isRaw = coding === 'deflate' && at === 0 && ((first[0] as number) & 0x0f) !== 8;
      return isRaw ? zlib.createInflateRaw() : (OPENERS[coding] as (zlib: Zlib) => Transform)(zlib);
    });
    for (const [at, stage] of this.#stages.entries()) {
      stage.on('error', (error) => this.#settle(() => this.#events.onError(error)));
      const next = this.#stages[at + 1];
      if (next !== undefined) stage.pipe(next);
    }
    this.#stages[0]?.on('drain', () => {
      if (!this.#isOver) this.#events.onDrain();
    });
    const last = this.#stages.at(-1);
    last?.on('data', (chunk: Buffer) => {
      if (!this.#isOver) this.#events.onData(chunk);
    });
    last?.on('end', () => this.#settle(() => this.#events.onEnd()));
  }

  #settle(tell: () => void): void {
    if (this.#isOver) return;
    this.cancel();
    tell();
  }
}
