// Reads the heads of a lane's answers, and keeps the last one: the same bytes are compared with it instead of read
// again. A server's heads differ by a date once a second, and comparing costs a tenth of reading.

import { INCOMPLETE, REFUSED, WireHead } from './wire-head.ts';
import { WireHeaderView } from './wire-header-view.ts';

/** Longer heads are read each time. */
const MAX_KNOWN_BYTES = 512;

/** One a lane, for all its connections: nothing of a head outlives the call it is read in, unless it is taken. */
export class WireHeads {
  readonly view = new WireHeaderView();
  /** What the last `read` found. */
  found = new WireHead();
  #known = new WireHead();
  #scratch = this.found;
  readonly #knownBytes: Buffer = Buffer.alloc(MAX_KNOWN_BYTES);
  readonly #knownView = viewOf(this.#knownBytes);
  #knownLength = 0;
  /** The view shows it, from its own copy of the bytes. */
  #isKnownShown = false;
  /** Reads land in one buffer for the life of a lane. */
  #chunk: Buffer = this.#knownBytes;
  #chunkView = this.#knownView;

  /** @returns the index behind the head that begins at `at`, `INCOMPLETE` or `REFUSED` */
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

  /** Has `view` show the head that `read` found at `chunk[at, end)`. What it says of a known head is kept. */
  show(chunk: Buffer, at: number, end: number): void {
    if (this.found !== this.#known) this.showOnce(chunk, at, end);
    else if (!this.#isKnownShown) {
      this.view.show(this.#knownBytes, 0, this.#knownLength, true);
      this.#isKnownShown = true;
    }
  }

  /** The same of a head that did not come in one read. */
  showOnce(bytes: Buffer, start: number, end: number): void {
    this.view.show(bytes, start, end);
    this.#isKnownShown = false;
  }

  /** The head that `read` found incomplete, for its connection to keep. */
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
