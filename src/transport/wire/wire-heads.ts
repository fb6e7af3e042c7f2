// Reads the heads of a lane's answers and keeps the last one: a head with the same bytes is recognised and
// not read again. A server's heads differ only by the date, once a second, and comparing costs a tenth of
// reading.

import { INCOMPLETE, REFUSED, WireHead } from './wire-head.ts';
import { WireHeaderView } from './wire-header-view.ts';

/** Longer heads are always read. */
const MAX_KNOWN_BYTES = 512;

/** Shared by all connections of a lane. A head is valid only during the call it is read in, unless it is taken. */
export class WireHeads {
  readonly view = new WireHeaderView();
  /** The head that the last `read` found. */
  found = new WireHead();
  #known = new WireHead();
  #scratch = this.found;
  readonly #knownBytes: Buffer = Buffer.alloc(MAX_KNOWN_BYTES);
  readonly #knownView = viewOf(this.#knownBytes);
  #knownLength = 0;
  /** True while the view shows the known head, from its own copy of the bytes. */
  #isKnownShown = false;
  /** All reads of a lane land in one buffer, so one view of it serves them all. */
  #chunk: Buffer = this.#knownBytes;
  #chunkView = this.#knownView;

  /** @returns the index after the head that begins at `at`, `INCOMPLETE` or `REFUSED` */
  read(chunk: Buffer, at: number, end: number): number {
    if (this.#isKnown(chunk, at, end)) {
      this.found = this.#known;
      return at + this.#knownLength;
    }
    const head = this.#scratch;
    this.found = head;
    head.reset();
    const next = head.scan(chunk, at, end);
    if (next !== INCOMPLETE && next !== REFUSED && next - at <= MAX_KNOWN_BYTES) {
      chunk.copy(this.#knownBytes, 0, at, next);
      this.#knownLength = next - at;
      this.#scratch = this.#known;
      this.#known = head;
      this.#isKnownShown = false;
    }
    return next;
  }

  /** Has `view` show the head that `read` found at `chunk[at, end)`; the fields found in a known head are kept. */
  show(chunk: Buffer, at: number, end: number): void {
    if (this.found !== this.#known) this.showOnce(chunk, at, end);
    else if (!this.#isKnownShown) {
      this.view.show(this.#knownBytes, 0, this.#knownLength, true);
      this.#isKnownShown = true;
    }
  }

  /** Shows a head that did not come in one read. */
  showOnce(bytes: Buffer, start: number, end: number): void {
    this.view.show(bytes, start, end);
    this.#isKnownShown = false;
  }

  /** Hands the head that `read` found incomplete to its connection. */
  take(): WireHead {
    const head = this.#scratch;
    this.#scratch = new WireHead();
    return head;
  }

  /** Whether `chunk[at, end)` begins with the known head, byte for byte. */
  #isKnown(chunk: Buffer, at: number, end: number): boolean {
    const length = this.#knownLength;
    if (length === 0 || end - at < length) return false;
    if (chunk !== this.#chunk) {
      this.#chunk = chunk;
      this.#chunkView = viewOf(chunk);
    }
    const known = this.#knownView;
    const found = this.#chunkView;
    const whole = length & ~3;
    for (let index = 0; index < whole; index += 4)
      if (known.getInt32(index) !== found.getInt32(at + index)) return false;
    for (let index = whole; index < length; index++)
      if (known.getUint8(index) !== found.getUint8(at + index)) return false;
    return true;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
