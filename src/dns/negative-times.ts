// For how long "no such name" holds, as the SOA of the nearest zone has it (RFC 2308): asked for behind the answer that a
// target waits for, once a zone. c-ares tells of the authority section of an answer nothing.

import type { NameQueries } from './name-queries.ts';

const LEAST_SEC = 5;
const MAX_ZONES = 1_000;
/** Zones that are looked for above a name: its own parent, and theirs. */
const MAX_LEVELS = 4;
const MAX_OPEN = 8;

export class NegativeTimes {
  readonly #queries: NameQueries;
  /** Seconds by zone; null where the zone has none of its own. */
  readonly #known = new Map<string, Promise<number | null>>();
  #openCount = 0;

  constructor(queries: NameQueries) {
    this.#queries = queries;
  }

  /** @param tell called later, where a zone says something */
  find(name: string, tell: (ttlSec: number) => void): void {
    if (this.#openCount >= MAX_OPEN) return;
    this.#openCount++;
    void this.#nearest(name).then((ttlSec) => {
      this.#openCount--;
      if (ttlSec !== null) tell(Math.max(LEAST_SEC, ttlSec));
    });
  }

  async #nearest(name: string): Promise<number | null> {
    const labels = name.replace(/\.$/u, '').split('.');
    for (let level = 1; level < Math.min(labels.length, MAX_LEVELS + 1); level++) {
      const ttlSec = await this.#ofZone(labels.slice(level).join('.'));
      if (ttlSec !== null) return ttlSec;
    }
    return null;
  }

  #ofZone(zone: string): Promise<number | null> {
    const known = this.#known.get(zone);
    if (known !== undefined) return known;
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_ZONES) break;
      this.#known.delete(oldest);
    }
    const asking = this.#queries.negativeTtlSec(zone);
    this.#known.set(zone, asking);
    return asking;
  }
}
