// Rows of 32-bit fields in memory that all threads share, each found by its name: a hash table of chained
// buckets under one short lock. A row that nobody holds keeps its fields until another name needs the row.

import { hash, randomBytes } from 'node:crypto';

/** Cells before the buckets. Row numbers are stored plus one, so that 0 means none. */
const LOCK = 0;
/** How many rows were ever used. */
const USED = 1;
/** List of rows that nobody holds, the one released longest ago first. */
const OLDEST = 2;
const NEWEST = 3;
const ROW_COUNT = 4;
const FIELD_COUNT = 5;
const EVICTED = 6;
/** Four random words of this run: whoever chooses origin names cannot know which names collide. */
const SALT = 8;
const HEADER_CELLS = 16;

/** Cells of a row before its fields: four of its name's digest, then these. */
const KEY_CELLS = 4;
const NEXT = 4;
const HOLDERS = 5;
const OLDER = 6;
const NEWER = 7;
const META_CELLS = 8;

/** After this long, the holder of the lock is taken for dead and the lock is taken over. */
const LOCK_MS = 1_000;
const SPIN_COUNT = 200;
/** Rows that should not be dropped are skipped, but at most this many. */
const MAX_PASSED = 64;

/** Memory for `rowCount` rows. Pages that are never touched take no memory. */
export function makeRows(rowCount: number, fieldCount: number): SharedArrayBuffer {
  const bucketCount = bucketsFor(rowCount);
  const cells = HEADER_CELLS + bucketCount + rowCount * (META_CELLS + fieldCount);
  const memory = new SharedArrayBuffer(cells * 4);
  const header = new Int32Array(memory, 0, HEADER_CELLS);
  header[ROW_COUNT] = rowCount;
  header[FIELD_COUNT] = fieldCount;
  new Uint8Array(memory, SALT * 4, 16).set(randomBytes(16));
  return memory;
}

export class SharedRows {
  /** Cells of all rows; those of a row start at `at(row)`. */
  readonly cells: Int32Array;
  readonly rowCount: number;
  readonly #fieldCount: number;
  readonly #bucketCount: number;
  readonly #rowsAt: number;
  readonly #salt: string;
  readonly #isNeeded: (row: number) => boolean;

  /**
   * @param memory from `makeRows`
   * @param isNeeded whether the fields of a row that nobody holds are worth more than those of others
   */
  constructor(memory: SharedArrayBuffer, isNeeded: (row: number) => boolean = () => false) {
    this.cells = new Int32Array(memory);
    this.rowCount = this.cells[ROW_COUNT] as number;
    this.#fieldCount = this.cells[FIELD_COUNT] as number;
    this.#bucketCount = bucketsFor(this.rowCount);
    this.#rowsAt = HEADER_CELLS + this.#bucketCount;
    this.#salt = [...this.cells.subarray(SALT, SALT + 4)].join(' ');
    this.#isNeeded = isNeeded;
  }

  /** The index of a row's first field. */
  at(row: number): number {
    return this.#rowsAt + row * (META_CELLS + this.#fieldCount) + META_CELLS;
  }

  /** Rows whose fields were dropped because another name needed the row. */
  get evictedCount(): number {
    return this.cells[EVICTED] as number;
  }

  /**
   * The row of a name, with empty fields when it is new; null when every row is held. Call `release` afterwards.
   */
  take(name: string): number | null {
    const key = this.#digest(name);
    return this.#locked(() => {
      const found = this.#find(key);
      if (found !== null) {
        if (this.#meta(found, HOLDERS) === 0) this.#unlink(found);
        this.#setMeta(found, HOLDERS, this.#meta(found, HOLDERS) + 1);
        return found;
      }
      const row = this.#freeRow();
      if (row === null) return null;
      const first = this.#metaAt(row);
      this.cells.fill(0, first, first + META_CELLS + this.#fieldCount);
      this.cells.set(key, first);
      const bucket = this.#bucketOf(key);
      this.#setMeta(row, NEXT, this.cells[bucket] as number);
      this.#setMeta(row, HOLDERS, 1);
      this.cells[bucket] = row + 1;
      return row;
    });
  }

  /** Call it once for each `take`. */
  release(row: number, count = 1): void {
    this.#locked(() => {
      const holders = Math.max(0, this.#meta(row, HOLDERS) - count);
      this.#setMeta(row, HOLDERS, holders);
      if (holders === 0) this.#append(row);
    });
  }

  /** The row of a name, without holding it; null when it has none. */
  find(name: string): number | null {
    const key = this.#digest(name);
    return this.#locked(() => this.#find(key));
  }

  #digest(name: string): Int32Array {
    const bytes = hash('sha256', `${this.#salt} ${name}`, 'buffer');
    return Int32Array.from({ length: KEY_CELLS }, (_, at) => bytes.readInt32LE(at * 4));
  }

  #bucketOf(key: Int32Array): number {
    return HEADER_CELLS + ((key[0] as number) & (this.#bucketCount - 1));
  }

  #find(key: Int32Array): number | null {
    let row = (this.cells[this.#bucketOf(key)] as number) - 1;
    // Bounds the steps by the number of rows, as a thread that died during a change may have left a loop.
    for (let steps = 0; row >= 0 && steps < this.rowCount; steps++) {
      const at = this.#metaAt(row);
      if (key.every((part, index) => this.cells[at + index] === part)) return row;
      row = this.#meta(row, NEXT) - 1;
    }
    return null;
  }

  /** A free row: one that was never used, else the one released longest ago. */
  #freeRow(): number | null {
    const used = this.cells[USED] as number;
    if (used < this.rowCount) {
      this.cells[USED] = used + 1;
      return used;
    }
    const row = this.#leastNeeded();
    if (row === null) return null;
    this.#unlink(row);
    this.#forget(row);
    this.cells[EVICTED] = this.evictedCount + 1;
    return row;
  }

  #leastNeeded(): number | null {
    const oldest = (this.cells[OLDEST] as number) - 1;
    let row = oldest;
    for (let passed = 0; row >= 0 && passed < MAX_PASSED; passed++) {
      if (!this.#isNeeded(row)) return row;
      row = this.#meta(row, NEWER) - 1;
    }
    return oldest < 0 ? null : oldest;
  }

  /** Removes a row from its bucket. */
  #forget(row: number): void {
    const at = this.#metaAt(row);
    const bucket = this.#bucketOf(this.cells.subarray(at, at + KEY_CELLS));
    const next = this.#meta(row, NEXT);
    if (this.cells[bucket] === row + 1) {
      this.cells[bucket] = next;
      return;
    }
    let before = (this.cells[bucket] as number) - 1;
    for (let steps = 0; before >= 0 && steps < this.rowCount; steps++) {
      if (this.#meta(before, NEXT) === row + 1) {
        this.#setMeta(before, NEXT, next);
        return;
      }
      before = this.#meta(before, NEXT) - 1;
    }
  }

  /** Appends a row that nobody holds to the list of such rows. */
  #append(row: number): void {
    const newest = this.cells[NEWEST] as number;
    this.#setMeta(row, OLDER, newest);
    this.#setMeta(row, NEWER, 0);
    if (newest === 0) this.cells[OLDEST] = row + 1;
    else this.#setMeta(newest - 1, NEWER, row + 1);
    this.cells[NEWEST] = row + 1;
  }

  #unlink(row: number): void {
    const older = this.#meta(row, OLDER);
    const newer = this.#meta(row, NEWER);
    if (older === 0) this.cells[OLDEST] = newer;
    else this.#setMeta(older - 1, NEWER, newer);
    if (newer === 0) this.cells[NEWEST] = older;
    else this.#setMeta(newer - 1, OLDER, older);
  }

  #metaAt(row: number): number {
    return this.at(row) - META_CELLS;
  }

  #meta(row: number, cell: number): number {
    return this.cells[this.#metaAt(row) + cell] as number;
  }

  #setMeta(row: number, cell: number, value: number): void {
    this.cells[this.#metaAt(row) + cell] = value;
  }

  #locked<Result>(change: () => Result): Result {
    for (let spins = 1; ; spins++) {
      const held = Atomics.load(this.cells, LOCK);
      // Only the low bits of the clock, never 0; a difference is correct across a wrap.
      const now = Date.now() | 1;
      const isLeft = held === 0 || Math.abs((now - held) | 0) > LOCK_MS;
      if (isLeft && Atomics.compareExchange(this.cells, LOCK, held, now) === held) break;
      // The holder of the lock may be waiting for this same core.
      if (spins % SPIN_COUNT === 0) Atomics.wait(this.cells, LOCK, held, 1);
    }
    try {
      return change();
    } finally {
      Atomics.store(this.cells, LOCK, 0);
    }
  }
}

function bucketsFor(rowCount: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(2, rowCount)));
}
