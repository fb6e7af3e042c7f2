// The last head that was read, so that the same bytes need not be read byte by byte again: a server's heads differ by
// a date once a second. Comparing costs a tenth of reading, which is a third of a pipelined answer.

import { WireHead } from './wire-head.ts';

/** Longer heads are read each time. */
const MAX_BYTES = 512;

/** One a lane, for all its connections. What it knows of a head is what `WireHead.scan` found in the same bytes. */
export class WireHeadMemo {
  readonly head = new WireHead();
  readonly #bytes: Buffer = Buffer.alloc(MAX_BYTES);
  readonly #view = viewOf(this.#bytes);
  #length = 0;
  /** Reads land in one buffer for the life of a lane. */
  #chunk: Buffer = this.#bytes;
  #chunkView = this.#view;

  /** @returns the length of the known head when `chunk[at, end)` begins with it, byte for byte; else 0 */
  match(chunk: Buffer, at: number, end: number): number {
    const length = this.#length;
    if (length === 0 || end - at < length) return 0;
    if (chunk !== this.#chunk) {
      this.#chunk = chunk;
      this.#chunkView = viewOf(chunk);
    }
    const known = this.#view;
    const found = this.#chunkView;
    const whole = length & ~3;
    for (let index = 0; index < whole; index += 4)
      if (known.getInt32(index) !== found.getInt32(at + index)) return 0;
    for (let index = whole; index < length; index++)
      if (known.getUint8(index) !== found.getUint8(at + index)) return 0;
    return length;
  }

  /** `chunk[start, end)` is a whole head, and `head` what was found in it. */
  learn(chunk: Buffer, start: number, end: number, head: WireHead): void {
    if (end - start > MAX_BYTES) return;
    chunk.copy(this.#bytes, 0, start, end);
    this.#length = end - start;
    this.head.copy(head);
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
