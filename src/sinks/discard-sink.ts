// Stores nothing: measures and hashes every body as it passes, whatever its size.

import { createHash, type Hash, hash } from 'node:crypto';
import type { Body, Committed, Sink } from './sink.ts';

/** The location of a body that is not stored. */
export const NOWHERE = { path: '', offsetBytes: 0, storedBytes: 0, isRenamed: false } as const;

export function openDiscardSink(): Sink {
  return { begin: () => new DiscardBody(), close: () => {} };
}

/**
 * A first piece up to this size is held until it is known to be the whole body: a Hash object costs more than that.
 */
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

  /** Nothing to do: the hash is the only state. */
  suspend(): void {}
}
