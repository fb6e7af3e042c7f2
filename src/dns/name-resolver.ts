// Turns names into addresses: from what this machine knows, from what any thread has asked, else from name
// servers, hundreds of names at once and each name once. It has its own deadline and retries: a request that
// waits here has not begun, so the wait does not count against it.

import { lookup as systemLookup } from 'node:dns';
import { networkInterfaces } from 'node:os';
import { inTurn, ofFamily } from './address-order.ts';
import { type CachedName, type Claim, NameCache } from './name-cache.ts';
import { makeNames, NameError, type NameKind, type NameOptions } from '../model/name-options.ts';
import { NameQueries, QueryError } from './name-queries.ts';
import { NegativeTimes } from './negative-times.ts';
import { readResolvConf, type ResolvConf, searchNames } from './resolv-conf.ts';
import { HostsFile, specialName, SystemNames } from './system-files.ts';

/** Bounds for the time to live of a positive answer: below the least, each target would ask again. */
const LEAST_TTL_SEC = 30;
const MOST_TTL_SEC = 3_600;
/** For "no such name", where no zone says otherwise (RFC 2308 lets a server keep it for hours). */
const NEGATIVE_TTL_SEC = 60;
/** For names that no server could answer: asked again soon, but not for each target of the name. */
const FAILED_TTL_SEC = 5;
/** The system's resolver tells no time to live. */
const SYSTEM_TTL_SEC = 60;
/** Pause before a name is asked for again; it doubles each time. */
const FIRST_RETRY_MS = 250;
const MOST_RETRY_MS = 4_000;
/** A name fails after so many answers in which a server reports its own failure. */
const MAX_SERVER_FAILURES = 4;
const SERVER_FAILURES = new Set(['ESERVFAIL', 'EREFUSED', 'ENOTIMP', 'EFORMERR', 'EBADRESP']);
/** getaddrinfo runs in the pool of four threads that file operations need, too. */
const MAX_SYSTEM_LOOKUPS = 2;
const SYSTEM_LOOKUP_MS = 5_000;
const WAIT_FOR_OTHERS_MS = 1_000;

export type AddressesCallback = (error: NameError | null, addresses: readonly string[]) => void;

export interface NameResolverParts {
  readonly options: NameOptions;
  /** Cache that all threads share. @default a cache of its own */
  readonly memory?: SharedArrayBuffer;
  /** Names that are asked for at once. @default 512 */
  readonly maxOpen?: number;
  /** Called for each name that was wanted, with how long it took. */
  readonly onName?: (kind: NameKind, durationMs: number) => void;
}

interface Asked {
  readonly name: string;
  readonly sinceMs: number;
  readonly waiters: AddressesCallback[];
  /** True where a request waits for it; false where it is only asked for ahead. */
  isUrgent: boolean;
  isBegun: boolean;
}

export class NameResolver {
  readonly #options: NameOptions;
  readonly #cache: NameCache;
  readonly #maxOpen: number;
  readonly #onName: (kind: NameKind, durationMs: number) => void;
  readonly #hosts: HostsFile;
  readonly #asked = new Map<string, Asked>();
  readonly #urgent: Asked[] = [];
  readonly #ahead: Asked[] = [];
  #lazy: Lazy | undefined;
  #openCount = 0;
  #systemCount = 0;
  #isClosed = false;

  constructor({ options, memory = makeNames(4096), maxOpen = 512, onName = () => {} }: NameResolverParts) {
    this.#options = options;
    this.#cache = new NameCache(memory);
    this.#maxOpen = maxOpen;
    this.#onName = onName;
    this.#hosts = new HostsFile(options.hostsFile);
  }

  /** Names that wait for their turn or for a server. */
  get waitingCount(): number {
    return this.#asked.size;
  }

  /**
   * The addresses of a name that are known and have not expired; null where it has to be asked for, or has
   * none.
   */
  known(name: string): readonly string[] | null {
    const here = this.#knownHere(name);
    if (here !== null) return here.length === 0 ? null : here;
    const cached = this.#cache.find(name);
    return cached?.kind === 'found' ? cached.addresses : null;
  }

  /** Calls back once, in another turn. */
  resolve(name: string, callback: AddressesCallback): void {
    const here = this.#knownHere(name);
    if (here !== null) {
      this.#tell(
        callback,
        name,
        here.length === 0 ? { kind: 'unknown' } : { kind: 'found', addresses: here },
      );
      return;
    }
    const cached = this.#cache.find(name);
    if (cached !== null) {
      this.#onName('hit', 0);
      this.#tell(callback, name, cached);
      return;
    }
    const asked = this.#asked.get(name) ?? this.#add(name);
    asked.waiters.push(callback);
    if (!asked.isUrgent) this.#urgent.push(asked);
    asked.isUrgent = true;
    this.#pump();
  }

  /** Asks for a name ahead, when no urgent name waits. */
  warm(name: string): void {
    if (this.#asked.has(name) || this.#knownHere(name) !== null || this.#cache.find(name) !== null) return;
    this.#ahead.push(this.#add(name));
    this.#pump();
  }

  /** Says that the address took a connection, so that later ones try it first. */
  prefer(name: string, address: string): void {
    this.#cache.prefer(name, address);
  }

  /** Ends every question; everyone who waits gets an error. */
  close(): void {
    this.#isClosed = true;
    this.#lazy?.queries.close();
    for (const { name, waiters } of this.#asked.values())
      for (const waiter of waiters.splice(0)) this.#tell(waiter, name, { kind: 'failed' });
    this.#asked.clear();
  }

  /** Looks a name up without a server. Empty where the name cannot exist, null where a server has to be asked. */
  #knownHere(name: string): readonly string[] | null {
    const { family } = this.#options;
    const inFile = this.#hosts.find(name.replace(/\.$/u, ''));
    const found = inFile === undefined ? null : ofFamily(inFile, family);
    if (found !== null && found.length > 0) return found;
    const special = specialName(name.replace(/\.$/u, ''));
    return special === null ? null : ofFamily(special, family);
  }

  #add(name: string): Asked {
    const asked = { name, sinceMs: performance.now(), waiters: [], isUrgent: false, isBegun: false };
    this.#asked.set(name, asked);
    return asked;
  }

  #pump(): void {
    while (this.#openCount < this.#maxOpen && !this.#isClosed) {
      const asked = this.#urgent.shift() ?? this.#ahead.shift();
      if (asked === undefined) return;
      if (asked.isBegun) continue;
      asked.isBegun = true;
      this.#openCount++;
      void this.#see(asked).finally(() => {
        this.#openCount--;
        this.#pump();
      });
    }
  }

  /** Waits until this thread or another has asked for the name. */
  async #see(asked: Asked): Promise<void> {
    const { name } = asked;
    for (;;) {
      const known = this.#cache.find(name);
      if (known !== null || this.#isClosed) {
        this.#finish(asked, known ?? { kind: 'failed' }, 'hit');
        return;
      }
      const claim = this.#cache.claim(name);
      if (claim !== null) {
        await this.#ask(asked, claim);
        return;
      }
      await this.#cache.settled(name, WAIT_FOR_OTHERS_MS);
    }
  }

  async #ask(asked: Asked, claim: Claim): Promise<void> {
    let result: Result = { found: { kind: 'failed' }, ttlSec: FAILED_TTL_SEC, kind: 'failed' };
    try {
      const { timeoutMs } = this.#options;
      result = await (timeoutMs === 0 ? this.#find(asked.name) : atMost(timeoutMs, this.#find(asked.name)));
    } catch (error) {
      const kind = error instanceof QueryError && error.code === 'ETIMEOUT' ? 'timed-out' : 'failed';
      result = { ...result, kind, detail: error instanceof Error ? error.message : String(error) };
    } finally {
      claim.store(result.found, result.ttlSec);
    }
    this.#finish(asked, result.found, result.kind, result.detail);
    if (result.kind === 'unknown') this.#learnNegative(asked.name);
  }

  /** Asks for each name of the search list in turn, until a server gives an answer. */
  async #find(name: string): Promise<Result> {
    const lazy = (this.#lazy ??= openLazy(this.#options));
    for (const candidate of searchNames(name, lazy.conf)) {
      const { ipv4, ipv6, ttlSec, isMissing } = await this.#askUntilSaid(lazy.queries, candidate);
      if (!isMissing) {
        const heldSec = Math.min(MOST_TTL_SEC, Math.max(LEAST_TTL_SEC, ttlSec));
        return { found: { kind: 'found', addresses: inTurn(ipv4, ipv6) }, ttlSec: heldSec, kind: 'found' };
      }
    }
    const system = lazy.system.mayKnow(name) ? await this.#askSystem(name) : [];
    return system.length > 0
      ? { found: { kind: 'found', addresses: system }, ttlSec: SYSTEM_TTL_SEC, kind: 'found' }
      : { found: { kind: 'unknown' }, ttlSec: NEGATIVE_TTL_SEC, kind: 'unknown' };
  }

  async #askUntilSaid(queries: NameQueries, name: string): ReturnType<NameQueries['ask']> {
    for (let tries = 1, failures = 0; ; tries++) {
      try {
        return await queries.ask(name);
      } catch (error) {
        if (!(error instanceof QueryError) || this.#isClosed) throw error;
        if (SERVER_FAILURES.has(error.code) && ++failures >= MAX_SERVER_FAILURES) throw error;
        const mostMs = Math.min(MOST_RETRY_MS, FIRST_RETRY_MS * 2 ** (tries - 1));
        await new Promise((resolve) => setTimeout(resolve, mostMs * (0.5 + Math.random() / 2)));
      }
    }
  }

  /** Asks the system's resolver, for the sources in nsswitch.conf other than files and name servers. */
  async #askSystem(name: string): Promise<string[]> {
    if (this.#systemCount >= MAX_SYSTEM_LOOKUPS) await new Promise((resolve) => setTimeout(resolve, 50));
    this.#systemCount++;
    const asking = new Promise<string[]>((resolve) => {
      systemLookup(name, { all: true, family: this.#options.family }, (error, found) => {
        this.#systemCount--;
        resolve(error === null ? found.map(({ address }) => address) : []);
      });
    });
    return atMost(SYSTEM_LOOKUP_MS, asking).catch(() => []);
  }

  /** Shortens how long "no such name" is kept, where its zone says so. */
  #learnNegative(name: string): void {
    if (this.#lazy === undefined) return;
    this.#lazy.negative.find(name, (ttlSec) => this.#cache.shorten(name, ttlSec));
  }

  #finish(asked: Asked, found: CachedName, kind: NameKind, detail?: string): void {
    this.#asked.delete(asked.name);
    this.#onName(kind, performance.now() - asked.sinceMs);
    for (const waiter of asked.waiters) this.#tell(waiter, asked.name, found, detail);
  }

  /** Calls each callback in a turn of its own, so that one that throws does not leave the others waiting. */
  #tell(callback: AddressesCallback, name: string, found: CachedName, detail?: string): void {
    if (found.kind === 'found') {
      process.nextTick(callback, null, found.addresses);
      return;
    }
    const isUnknown = found.kind === 'unknown';
    const why = detail === undefined ? '' : `: ${detail}`;
    const error = new NameError(
      isUnknown ? 'ERR_NAME_UNKNOWN' : 'ERR_NAME_FAILED',
      isUnknown
        ? `no server and no file knows ${name}`
        : `expected a name server to say where ${name} is within ${this.#options.timeoutMs} ms (--dns-timeout), found no answer${why}`,
    );
    process.nextTick(callback, error, []);
  }
}

interface Result {
  readonly found: CachedName;
  readonly ttlSec: number;
  readonly kind: NameKind;
  readonly detail?: string;
}

/** Read and made when the first name is asked for: a run whose URLs hold addresses needs none of it. */
interface Lazy {
  readonly conf: ResolvConf;
  readonly queries: NameQueries;
  readonly negative: NegativeTimes;
  readonly system: SystemNames;
}

function openLazy({ servers, family, resolvConfFile, nsswitchFile }: NameOptions): Lazy {
  const conf = readResolvConf(resolvConfFile);
  const wanted = family === 0 && !hasIpv6() ? 4 : family;
  const queries = new NameQueries(servers.length > 0 ? servers : conf.servers, conf, wanted);
  return { conf, queries, negative: new NegativeTimes(queries), system: new SystemNames(nsswitchFile) };
}

/** True where this machine has an IPv6 address; without one it can reach none (RFC 3493, AI_ADDRCONFIG). */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ family, address }) => family === 'IPv6' && !address.startsWith('fe80:')),
  );
}

/** @throws QueryError ETIMEOUT */
async function atMost<Value>(durationMs: number, promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new QueryError('ETIMEOUT', 'no answer')), durationMs);
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
