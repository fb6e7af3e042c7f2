// The names of a run and their addresses, in memory that all threads share: the first thread to ask claims
// the name, the others wait for its answer. An answer holds for its time to live. When the memory is full,
// one unused name at a time is evicted.

import { isIPv6 } from 'node:net';
import { SharedRows } from '../model/shared/shared-rows.ts';
import { ADDRESS_FIELDS, MAX_ADDRESSES, NAME_FIELDS } from '../model/name-options.ts';

/** What is known of a name. */
export type CachedName =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  | { readonly kind: 'unknown' | 'failed' };

const STATES = ['none', 'asking', 'found', 'unknown', 'failed'] as const;
const ASKING = 1;
/** Times in the cells are tenths of seconds of the machine's clock, the same for all threads. */
const TICKS_PER_SEC = 10;
const MAX_TTL_SEC = 86_400;
/** A claim this old counts as abandoned: its thread has died. */
const CLAIM_SEC = 30;

export class NameCache {
  readonly #rows: SharedRows;
  readonly #clock: () => number;

  /** @param clock seconds, the same for all threads. @default the machine's monotonic clock */
  constructor(memory: SharedArrayBuffer, clock: () => number = machineSeconds) {
    this.#rows = new SharedRows(memory);
    this.#clock = clock;
  }

  /** Names that were evicted for others. */
  get evictedCount(): number {
    return this.#rows.evictedCount;
  }

  /** What is known of a name and has not expired; null for nothing. */
  find(name: string): CachedName | null {
    const row = this.#rows.take(name);
    if (row === null) return null;
    try {
      return this.#read(this.#rows.at(row));
    } finally {
      this.#rows.release(row);
    }
  }

  /** Claims the name for this thread, which must then call `store`; null where another thread has the claim. */
  claim(name: string): Claim | null {
    const row = this.#rows.take(name);
    // Every row is being asked for: this name goes without the cache.
    if (row === null) return new Claim(() => {});
    const at = this.#rows.at(row);
    const { cells } = this.#rows;
    const state = Atomics.load(cells, at + NAME_FIELDS.state);
    const askedAt = cells[at + NAME_FIELDS.askedAt] as number;
    const isTaken = state === ASKING && this.#ticks() - askedAt < CLAIM_SEC * TICKS_PER_SEC;
    if (isTaken || Atomics.compareExchange(cells, at + NAME_FIELDS.state, state, ASKING) !== state) {
      this.#rows.release(row);
      return null;
    }
    cells[at + NAME_FIELDS.askedAt] = this.#ticks();
    return new Claim((found, ttlSec) => {
      this.#write(at, found, ttlSec);
      this.#rows.release(row);
    });
  }

  /** Resolves when another thread has stored the name, or after `mostMs`. */
  async settled(name: string, mostMs: number): Promise<void> {
    const row = this.#rows.take(name);
    if (row === null) return;
    const waiting = Atomics.waitAsync(
      this.#rows.cells,
      this.#rows.at(row) + NAME_FIELDS.state,
      ASKING,
      mostMs,
    );
    try {
      await waiting.value;
    } finally {
      this.#rows.release(row);
    }
  }

  /** Says that the address took a connection, so that it comes first from now on. */
  prefer(name: string, address: string): void {
    this.#change(name, (at) => {
      const { cells } = this.#rows;
      const index = this.#addresses(at).indexOf(address);
      if (index >= 0 && cells[at + NAME_FIELDS.preferred] !== index + 1)
        cells[at + NAME_FIELDS.preferred] = index + 1;
    });
  }

  /** Lets a negative answer expire after `ttlSec` at the latest. */
  shorten(name: string, ttlSec: number): void {
    this.#change(name, (at) => {
      const { cells } = this.#rows;
      const until = this.#ticks() + ttlSec * TICKS_PER_SEC;
      if ((cells[at + NAME_FIELDS.expiresAt] as number) > until) cells[at + NAME_FIELDS.expiresAt] = until;
    });
  }

  #change(name: string, change: (at: number) => void): void {
    const row = this.#rows.find(name);
    if (row !== null) change(this.#rows.at(row));
  }

  #read(at: number): CachedName | null {
    const { cells } = this.#rows;
    const version = Atomics.load(cells, at + NAME_FIELDS.version);
    const state = STATES[Atomics.load(cells, at + NAME_FIELDS.state)];
    if ((cells[at + NAME_FIELDS.expiresAt] as number) <= this.#ticks()) return null;
    if (state === 'unknown' || state === 'failed') return { kind: state };
    if (state !== 'found') return null;
    const addresses = this.#addresses(at);
    const preferred = (cells[at + NAME_FIELDS.preferred] as number) - 1;
    if (preferred > 0 && preferred < addresses.length) addresses.unshift(...addresses.splice(preferred, 1));
    // A changed version means that another thread wrote during the read.
    return Atomics.load(cells, at + NAME_FIELDS.version) === version ? { kind: 'found', addresses } : null;
  }

  #write(at: number, found: CachedName, ttlSec: number): void {
    const { cells } = this.#rows;
    Atomics.add(cells, at + NAME_FIELDS.version, 1);
    const addresses = found.kind === 'found' ? found.addresses.slice(0, MAX_ADDRESSES) : [];
    cells[at + NAME_FIELDS.count] = addresses.length;
    cells[at + NAME_FIELDS.preferred] = 0;
    for (const [index, address] of addresses.entries())
      cells.set(toCells(address), at + NAME_FIELDS.addresses + index * ADDRESS_FIELDS);
    cells[at + NAME_FIELDS.expiresAt] =
      this.#ticks() + Math.round(Math.min(ttlSec, MAX_TTL_SEC) * TICKS_PER_SEC);
    Atomics.add(cells, at + NAME_FIELDS.version, 1);
    Atomics.store(cells, at + NAME_FIELDS.state, STATES.indexOf(found.kind));
    Atomics.notify(cells, at + NAME_FIELDS.state);
  }

  #addresses(at: number): string[] {
    const count = this.#rows.cells[at + NAME_FIELDS.count] as number;
    return Array.from({ length: Math.min(count, MAX_ADDRESSES) }, (_, index) => {
      const first = at + NAME_FIELDS.addresses + index * ADDRESS_FIELDS;
      return toAddress(this.#rows.cells.subarray(first, first + ADDRESS_FIELDS));
    });
  }

  #ticks(): number {
    return Math.floor(this.#clock() * TICKS_PER_SEC);
  }
}

/** The claim of this thread on a name. */
export class Claim {
  readonly #store: (found: CachedName, ttlSec: number) => void;

  constructor(store: (found: CachedName, ttlSec: number) => void) {
    this.#store = store;
  }

  /** Stores the answer and wakes the threads that wait for it. Called once. */
  store(found: CachedName, ttlSec: number): void {
    this.#store(found, ttlSec);
  }
}

function machineSeconds(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds + nanoseconds / 1e9;
}

function toCells(address: string): number[] {
  if (!isIPv6(address)) {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    return [4, (a << 24) | (b << 16) | (c << 8) | d, 0, 0, 0];
  }
  const groups = groupsOf(address);
  const word = (at: number) => ((groups[at] as number) << 16) | (groups[at + 1] as number);
  return [6, word(0), word(2), word(4), word(6)];
}

function toAddress(cells: Int32Array): string {
  const [family = 0, ...words] = cells;
  const [first = 0] = words;
  if (family === 4) return [24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.');
  const groups = words.flatMap((word) => [(word >>> 16).toString(16), (word & 0xffff).toString(16)]);
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** The eight groups of an IPv6 address in any spelling, without its zone. */
function groupsOf(address: string): number[] {
  const plain = new URL(`http://[${address.replace(/%.*/u, '')}]`).hostname.slice(1, -1);
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}
