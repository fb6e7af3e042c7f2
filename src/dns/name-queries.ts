// Questions to name servers through c-ares: A and AAAA together, as many at once as a socket's buffer holds answers of,
// asked again where a server fails. Which name is asked for, and what is kept of the answer, others decide.

import { Resolver } from 'node:dns';
import type { ResolvConf } from './resolv-conf.ts';

/** Addresses with their least time to live; none for a name that has none. `isMissing`: no name like it exists. */
export interface Answered {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly ttlSec: number;
  readonly isMissing: boolean;
}

/** Why nobody could say, in the words of c-ares. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** A socket of Linux holds some 270 answers that nobody has read, and drops the others: of 1,000 questions 90 were asked twice. */
const QUESTIONS_PER_RESOLVER = 128;
/** Once one family has come, the other has so long (RFC 8305, section 3). */
const RESOLUTION_DELAY_MS = 50;
/** A server that is slower than that is asked again; c-ares adapts to how fast it has been. */
const MOST_TIMEOUT_MS = 1_000;
/** No such name, and what is no name at all. */
const MISSING = new Set(['ENOTFOUND', 'ENONAME', 'EBADNAME', 'EBADQUERY', 'EBADSTR']);

interface Lane {
  readonly resolver: Resolver;
  openCount: number;
}

interface Found {
  readonly family: 4 | 6;
  readonly addresses: readonly string[];
  readonly ttlSec: number;
  readonly isMissing: boolean;
}

export class NameQueries {
  readonly #servers: readonly string[];
  readonly #conf: ResolvConf;
  readonly #family: 0 | 4 | 6;
  readonly #lanes: Lane[] = [];

  /** @param servers as `setServers` of `node:dns` takes them */
  constructor(servers: readonly string[], conf: ResolvConf, family: 0 | 4 | 6) {
    this.#servers = servers;
    this.#conf = conf;
    this.#family = family;
  }

  /** @throws QueryError where no server has said anything of the name */
  async ask(name: string): Promise<Answered> {
    const lane = this.#lane();
    const families = ([4, 6] as const).filter((family) => this.#family === 0 || this.#family === family);
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const parts: (Found | QueryError)[] = [];
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      const found = parts.filter((part): part is Found => !(part instanceof QueryError));
      // "No such name" is said of every type; "none of this type" is no answer while the other type has failed.
      if (found.length === parts.length || found.some(isTelling)) resolve(merge(found));
      else reject(parts.find((part) => part instanceof QueryError));
    };
    for (const family of families) {
      lane.openCount++;
      askOne(lane.resolver, name, family, (part) => {
        lane.openCount--;
        parts.push(part);
        if (parts.length === families.length) finish();
        else if (part instanceof QueryError || !isTelling(part)) return;
        else if (part.isMissing) finish();
        else timer = setTimeout(finish, RESOLUTION_DELAY_MS);
      });
    }
    return promise;
  }

  /** Seconds that a zone wants its "no such name" to be kept; null where it does not say. */
  async negativeTtlSec(zone: string): Promise<number | null> {
    const lane = this.#lane();
    lane.openCount++;
    return new Promise((resolve) => {
      lane.resolver.resolveSoa(zone, (error, soa) => {
        lane.openCount--;
        resolve(error === null ? soa.minttl : null);
      });
    });
  }

  /** Ends every question. */
  close(): void {
    for (const { resolver } of this.#lanes) resolver.cancel();
  }

  #lane(): Lane {
    const free = this.#lanes.find(({ openCount }) => openCount < QUESTIONS_PER_RESOLVER);
    if (free !== undefined) return free;
    const { timeoutMs, attempts } = this.#conf;
    const timeout = Math.min(timeoutMs, MOST_TIMEOUT_MS);
    const lane = { resolver: new Resolver({ timeout, tries: attempts + 1 }), openCount: 0 };
    lane.resolver.setServers([...this.#servers]);
    this.#lanes.push(lane);
    return lane;
  }
}

function askOne(
  resolver: Resolver,
  name: string,
  family: 4 | 6,
  tell: (part: Found | QueryError) => void,
): void {
  const none = (isMissing: boolean) => tell({ family, addresses: [], ttlSec: 0, isMissing });
  const take = (
    error: NodeJS.ErrnoException | null,
    records: readonly { address: string; ttl: number }[],
  ) => {
    if (error === null) {
      const ttlSec = records.reduce((least, { ttl }) => Math.min(least, ttl), Number.MAX_SAFE_INTEGER);
      tell({ family, addresses: records.map(({ address }) => address), ttlSec, isMissing: false });
      return;
    }
    const code = error.code ?? 'ESERVFAIL';
    if (code === 'ENODATA') none(false);
    else if (MISSING.has(code)) none(true);
    else tell(new QueryError(code, `${code} for ${family === 4 ? 'A' : 'AAAA'} of ${name}`));
  };
  try {
    if (family === 4) resolver.resolve4(name, { ttl: true }, take);
    else resolver.resolve6(name, { ttl: true }, take);
  } catch {
    // A name that no message can hold.
    none(true);
  }
}

/** It has addresses, or says that there are none of any type. */
function isTelling({ addresses, isMissing }: Found): boolean {
  return isMissing || addresses.length > 0;
}

function merge(found: readonly Found[]): Answered {
  const of = (family: 4 | 6) => found.flatMap((part) => (part.family === family ? part.addresses : []));
  const [ipv4, ipv6] = [of(4), of(6)];
  const withAddresses = found.filter(({ addresses }) => addresses.length > 0);
  return {
    ipv4,
    ipv6,
    ttlSec: withAddresses.reduce((least, { ttlSec }) => Math.min(least, ttlSec), Number.MAX_SAFE_INTEGER),
    isMissing: withAddresses.length === 0,
  };
}
