// Asks name servers through c-ares: A and AAAA together, as many at once as the buffer of a socket can hold
// answers, and again where a server fails. NameResolver decides which names are asked for and what is kept.

import { Resolver } from 'node:dns';
import type { ResolvConf } from './resolv-conf.ts';

/** Addresses with their least time to live, or none. `isMissing`: the name has no addresses of any type. */
export interface Answered {
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  readonly ttlSec: number;
  readonly isMissing: boolean;
}

/** No server gave an answer; `code` is the one of c-ares. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * The buffer of a Linux socket holds some 270 unread answers and drops the rest: of 1,000 questions at once
 * 90 were asked twice.
 */
const QUESTIONS_PER_RESOLVER = 128;
/** How long the second family may take after the first has come (RFC 8305, section 3). */
const RESOLUTION_DELAY_MS = 50;
/** A server that takes longer is asked again; c-ares adapts to how fast it has been. */
const MOST_TIMEOUT_MS = 1_000;
/** Codes for a name that does not exist or that is not valid. */
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

  /** Asks for the addresses of a name. @throws QueryError where no server gave an answer */
  async ask(name: string): Promise<Answered> {
    const lane = this.#lane();
    const families = ([4, 6] as const).filter((family) => this.#family === 0 || this.#family === family);
    const { promise, resolve, reject } = Promise.withResolvers<Answered>();
    const parts: (Found | QueryError)[] = [];
    let timer: NodeJS.Timeout | undefined;
    const finish = () => {
      clearTimeout(timer);
      const found = parts.filter((part): part is Found => !(part instanceof QueryError));
      // "No such name" holds for every type. "None of this type" is no answer while the other type has
      // failed.
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

  /** Seconds for which a zone lets "no such name" be kept; null where it does not say. */
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

  /** Cancels every open question. */
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
    // c-ares throws where a name does not fit in a DNS message.
    none(true);
  }
}

/** True where the answer has addresses, or says that the name has none of any type. */
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
