// Hands every body to the reader of the outcomes: measures and hashes it as it comes, and holds it whole until
// `commit`.

import { createHash } from 'node:crypto';
import { NOWHERE } from './discard-sink.ts';
import type { Body, Committed, Sink } from './sink.ts';

/** @param keepValue gets each whole body with its target's index */
export function openMemorySink(keepValue: (index: number, body: Uint8Array) => void): Sink {
  return { begin: ({ index }) => new MemoryBody((body) => keepValue(index, body)), close: () => {} };
}

class MemoryBody implements Body {
  readonly #keep: (body: Uint8Array) => void;
  readonly #hash = createHash('sha256');
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(keep: (body: Uint8Array) => void) {
    this.#keep = keep;
  }

  write(chunk: Buffer): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
    // Copies the chunk: its memory is reused by the next read, and a view of shared memory would be sent with all
    // of it.
    this.#chunks.push(new Uint8Array(chunk));
  }

  commit(): Committed {
    this.#keep(this.#join());
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex'), stored: NOWHERE };
  }

  discard(): void {
    this.#chunks = [];
  }

  #join(): Uint8Array {
    const [only] = this.#chunks;
    if (only !== undefined && this.#chunks.length === 1) return only;
    const whole = new Uint8Array(this.#bytes);
    let start = 0;
    for (const chunk of this.#chunks) {
      whole.set(chunk, start);
      start += chunk.length;
    }
    this.#chunks = [];
    return whole;
  }
}
