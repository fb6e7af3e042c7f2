// Host names resolved once for many connections. The system's resolver tells no lifetime, so an answer is kept for a
// short one; lookups of one name that are under way are shared.

import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { PublicAddresses } from './public-address.ts';

const KEEP_MS = 60_000;
const MAX_NAMES = 10_000;

/** Asks for all addresses of a name. */
export type ResolveName = (
  hostname: string,
  options: { readonly all: true },
  /** `addresses` is left out where there is an error. */
  callback: (error: NodeJS.ErrnoException | null, addresses?: LookupAddress[]) => void,
) => void;

interface Entry {
  readonly addresses: readonly LookupAddress[];
  readonly until: number;
}

type Waiter = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/** A redirect from a public origin to an address that is none. */
export class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor(hostname: string) {
    super(
      `expected a public address after a redirect from a public origin, found ${hostname}, which is none (--allow-private-redirects)`,
    );
  }
}

/** Failures are not kept. */
export class HostNames {
  readonly #fixed: ReadonlyMap<string, readonly LookupAddress[]>;
  readonly #resolve: ResolveName;
  readonly #known = new Map<string, Entry>();
  readonly #asking = new Map<string, Waiter[]>();

  /**
   * @param hosts addresses of names that are not to be looked up
   * @param resolve @default the system's resolver
   */
  constructor(hosts: Readonly<Record<string, readonly string[]>> = {}, resolve: ResolveName = systemLookup) {
    this.#fixed = new Map(
      Object.entries(hosts).map(([name, addresses]) => [
        name.toLowerCase(),
        addresses.map((address) => ({ address, family: isIP(address) })),
      ]),
    );
    this.#resolve = resolve;
  }

  /** What is known of a name without asking. */
  known(hostname: string): readonly string[] {
    const found = this.#fixed.get(hostname) ?? this.#known.get(hostname)?.addresses ?? [];
    return found.map(({ address }) => address);
  }

  /** A `lookup` for sockets. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#find(hostname, (error, addresses) => {
      if (error === null) answer(hostname, addresses, options, callback);
      else callback(error, '', 0);
    });
  };

  /** The same without addresses that are not public: what a connection is made to is what was judged. */
  guardedLookup(policy: PublicAddresses): LookupFunction {
    return (hostname, options, callback) => {
      this.#find(hostname, (error, addresses) => {
        if (error !== null) {
          callback(error, '', 0);
          return;
        }
        const allowed = addresses.filter(({ address }) => policy.isPublic(address));
        if (allowed.length === 0) callback(new PrivateAddressError(hostname), '', 0);
        else answer(hostname, allowed, options, callback);
      });
    };
  }

  #find(hostname: string, waiter: Waiter): void {
    const fixed = this.#fixed.get(hostname.toLowerCase());
    const entry = this.#known.get(hostname);
    // A socket expects its answer later, as the system's resolver gives it.
    if (fixed !== undefined) process.nextTick(waiter, null, fixed);
    else if (entry !== undefined && entry.until > performance.now())
      process.nextTick(waiter, null, entry.addresses);
    else this.#ask(hostname, waiter);
  }

  #ask(hostname: string, waiter: Waiter): void {
    const underWay = this.#asking.get(hostname);
    if (underWay !== undefined) {
      underWay.push(waiter);
      return;
    }
    const waiters = [waiter];
    this.#asking.set(hostname, waiters);
    const tellAll: Waiter = (error, addresses) => {
      if (this.#asking.get(hostname) !== waiters) return;
      this.#asking.delete(hostname);
      if (error === null) {
        if (this.#known.size >= MAX_NAMES) this.#known.clear();
        this.#known.set(hostname, { addresses, until: performance.now() + KEEP_MS });
      }
      // Each in a turn of its own: what one of them throws must not leave the others waiting.
      for (const tell of waiters) process.nextTick(tell, error, addresses);
    };
    try {
      this.#resolve(hostname, { all: true }, (error, addresses) => tellAll(error, addresses ?? []));
    } catch (error) {
      tellAll(error as NodeJS.ErrnoException, []);
    }
  }
}

function answer(
  hostname: string,
  addresses: readonly LookupAddress[],
  options: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
): void {
  const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
  const fitting = family === 0 ? addresses : addresses.filter((address) => address.family === family);
  const [first] = fitting;
  if (first === undefined) {
    const error = Object.assign(new Error(`no address of ${hostname} fits`), { code: 'ENOTFOUND' });
    callback(error, '', 0);
  } else if (options.all === true) {
    callback(null, [...fitting]);
  } else {
    callback(null, first.address, first.family);
  }
}
