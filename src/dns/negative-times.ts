// How long "no such name" holds, by the SOA of the nearest zone (RFC 2308). It is asked for after the target
// has its answer, once for each zone, because c-ares does not show the authority section of an answer.

import type { NameQueries } from './name-queries.ts';

const LEAST_SEC = 5;
const MAX_ZONES = 1_000;
/** How many zones above a name are asked: its parent, the parent of that, and so on. */
const MAX_LEVELS = 4;
const MAX_OPEN = 8;

export class NegativeTimes {
  readonly #queries: NameQueries;
  /** Seconds by zone; null where the zone does not say. */
  readonly #known = new Map<string, Promise<number | null>>();
  #openCount = 0;

  constructor(queries: NameQueries) {
    this.#queries = queries;
  }

  /** Finds the time for a name. @param tell called later, where a zone says something */
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
