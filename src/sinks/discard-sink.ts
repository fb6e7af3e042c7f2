// Keeps nothing: every body is measured and hashed as it passes, whatever its size.

import { createHash, type Hash, hash } from 'node:crypto';
import type { Body, Committed, Sink } from './sink.ts';

/** Where a body is that was not put anywhere. */
export const NOWHERE = { path: '', offsetBytes: 0, storedBytes: 0, isRenamed: false } as const;

export function openDiscardSink(): Sink {
  return { begin: () => new DiscardBody(), close: () => {} };
}

/** A first piece up to this is kept until it is known whether it is all: a Hash object costs more than so many bytes. */
const MAX_HELD_BYTES = 4096;
const EMPTY = Buffer.alloc(0);

class DiscardBody implements Body {
  #hash: Hash | undefined;
  #held = EMPTY;
  #bytes = 0;

  write(chunk: Buffer): void {
    if (this.#bytes === 0 && chunk.length <= MAX_HELD_BYTES) this.#held = Buffer.from(chunk);
    else {
      this.#hash ??= createHash('sha256').update(this.#held);
      this.#hash.update(chunk);
    }
    this.#bytes += chunk.length;
  }

  commit(): Committed {
    const sha256 = this.#hash?.digest('hex') ?? hash('sha256', this.#held, 'hex');
    return { bytes: this.#bytes, sha256, stored: NOWHERE };
  }

  discard(): void {}

  /** Its hash is all there is of it. */
  suspend(): void {}
}
