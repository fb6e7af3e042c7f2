// Keeps nothing: every body is measured and hashed as it passes, whatever its size.

import { createHash } from 'node:crypto';
import type { Body, Committed, Sink } from './sink.ts';

/** Where a body is that was not put anywhere. */
export const NOWHERE = { path: '', offsetBytes: 0, storedBytes: 0, isRenamed: false } as const;

export function openDiscardSink(): Sink {
  return { begin: () => new DiscardBody(), close: () => {} };
}

class DiscardBody implements Body {
  readonly #hash = createHash('sha256');
  #bytes = 0;

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  commit(): Committed {
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), stored: NOWHERE };
  }

  discard(): void {}

  /** Its hash is all there is of it. */
  suspend(): void {}
}
