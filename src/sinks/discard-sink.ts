// Keeps nothing: every body is measured and hashed as it passes, whatever its size.

import { createHash, type Hash, hash } from 'node:crypto';
import type { Body, Committed, Sink } from './sink.ts';

const NOWHERE = { path: '', offsetBytes: 0, storedBytes: 0, isRenamed: false } as const;

export function openDiscardSink(): Sink {
  return { begin: () => new DiscardBody(), close: () => {} };
}

class DiscardBody implements Body {
  #first: Buffer | undefined;
  #hash: Hash | undefined;
  #bytes = 0;

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#hash !== undefined) {
      this.#hash.update(chunk);
    } else if (this.#first === undefined) {
      this.#first = chunk;
    } else {
      this.#hash = createHash('sha256').update(this.#first).update(chunk);
    }
  }

  commit(): Committed {
    const sha256 = this.#hash?.digest('hex') ?? hash('sha256', this.#first ?? '', 'hex');
    return { bytes: this.#bytes, sha256, stored: NOWHERE };
  }

  discard(): void {
    this.#first = undefined;
    this.#hash = undefined;
  }
}
