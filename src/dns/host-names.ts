// Resolves host names for connections: addresses that the caller gave (pins) first, then those of the
// resolver that all threads share. A guarded lookup returns only the addresses that the guard has judged, so
// that no second lookup can change them.

import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { NameError } from '../model/name-options.ts';
import type { AddressesCallback } from './name-resolver.ts';

/** How many names this thread keeps without asking the shared resolver; beyond that the oldest is dropped. */
const MAX_NAMES = 10_000;
/** How long this thread keeps them: another thread may have learnt something better. */
const AT_HAND_MS = 2_000;

/** Where addresses come from: a `NameResolver`. */
export interface NameSource {
  /** Addresses that are known without asking; null where the name has to be asked for. */
  known(name: string): readonly string[] | null;
  /** Calls back once, in another turn. */
  resolve(name: string, callback: AddressesCallback): void;
  /** Asks for a name ahead, because it will be wanted. */
  warm(name: string): void;
  /** Says that the address took a connection. */
  prefer(name: string, address: string): void;
}

/** Judges an address: `PublicAddresses`. */
export interface AddressPolicy {
  isPublic(address: string): boolean;
}

/** What our sockets pass to a lookup besides the options of Node. */
export interface PortOption {
  readonly port?: number;
}

interface Entry {
  readonly addresses: readonly string[];
  readonly untilMs: number;
}

/** A redirect from a public origin leads to an address that is not public. */
export class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor(hostname: string) {
    super(
      `expected a public address after a redirect from a public origin, found ${hostname}, which is not public (--allow-private-redirects)`,
    );
  }
}

export class HostNames {
  readonly #pins: ReadonlyMap<string, readonly string[]>;
  readonly #source: NameSource;
  readonly #atHand = new Map<string, Entry>();

  /** @param pins addresses of names that are not asked for, by `host:port`, or by `host` for every port */
  constructor(pins: Readonly<Record<string, readonly string[]>>, source: NameSource) {
    this.#pins = new Map(Object.entries(pins).map(([name, addresses]) => [name.toLowerCase(), addresses]));
    this.#source = source;
  }

  /** True where the caller gave addresses for some name or port. */
  get hasPins(): boolean {
    return this.#pins.size > 0;
  }

  /** Addresses that are known without asking; empty where none are. */
  known(hostname: string, port?: number): readonly string[] {
    const pinned = this.#pinned(hostname, port);
    if (pinned !== undefined) return pinned;
    const entry = this.#atHand.get(hostname);
    if (entry !== undefined && entry.untilMs > performance.now()) return entry.addresses;
    const addresses = this.#source.known(hostname);
    if (addresses !== null) this.#keep(hostname, addresses);
    // A name that took a connection has usable addresses even after their time is over.
    return addresses ?? (port === undefined ? (entry?.addresses ?? []) : []);
  }

  /** Calls back once, in another turn. */
  resolve(hostname: string, port: number | undefined, callback: AddressesCallback): void {
    const pinned = this.#pinned(hostname, port);
    if (pinned !== undefined) {
      process.nextTick(callback, null, pinned);
      return;
    }
    this.#source.resolve(hostname, (error, found) => {
      const addresses = Array.isArray(found) ? found.filter(isAddress) : [];
      if (error !== null) callback(error, []);
      else if (addresses.length === 0)
        callback(new NameError('ERR_NAME_FAILED', `expected addresses of ${hostname}, found none`), []);
      else {
        this.#keep(hostname, addresses);
        callback(null, addresses);
      }
    });
  }

  /** Asks for a name ahead, because it will be wanted. */
  warm(hostname: string, port: number): void {
    if (this.#pinned(hostname, port) === undefined) this.#source.warm(hostname);
  }

  /** Says that the address took a connection: later connections of all threads try it first. */
  prefer(hostname: string, address: string): void {
    const entry = this.#atHand.get(hostname);
    if (entry === undefined || entry.addresses[0] === address) return;
    this.#atHand.delete(hostname);
    this.#source.prefer(hostname, address);
  }

  /** A `lookup` for sockets. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname, (options as PortOption).port, (error, addresses) => {
      if (error === null) answer(hostname, addresses, options, callback);
      else callback(error, '', 0);
    });
  };

  /** A `lookup` that returns public addresses only, so that a connection goes to an address that was judged. */
  guardedLookup(policy: AddressPolicy): LookupFunction {
    return (hostname, options, callback) => {
      this.resolve(hostname, (options as PortOption).port, (error, addresses) => {
        if (error !== null) {
          callback(error, '', 0);
          return;
        }
        const allowed = addresses.filter((address) => policy.isPublic(address));
        if (allowed.length === 0) callback(new PrivateAddressError(hostname), '', 0);
        else answer(hostname, allowed, options, callback);
      });
    };
  }

  #pinned(hostname: string, port: number | undefined): readonly string[] | undefined {
    if (this.#pins.size === 0) return undefined;
    const name = hostname.toLowerCase();
    return (port === undefined ? undefined : this.#pins.get(`${name}:${port}`)) ?? this.#pins.get(name);
  }

  #keep(hostname: string, addresses: readonly string[]): void {
    this.#atHand.delete(hostname);
    for (const oldest of this.#atHand.keys()) {
      if (this.#atHand.size < MAX_NAMES) break;
      this.#atHand.delete(oldest);
    }
    this.#atHand.set(hostname, { addresses, untilMs: performance.now() + AT_HAND_MS });
  }
}

function isAddress(found: unknown): found is string {
  return typeof found === 'string' && isIP(found) !== 0;
}

function answer(
  hostname: string,
  addresses: readonly string[],
  options: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
): void {
  const family = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0);
  const all = addresses.map((address): LookupAddress => ({ address, family: isIP(address) }));
  const fitting = family === 0 ? all : all.filter((address) => address.family === family);
  const [first] = fitting;
  if (first === undefined) {
    const error = Object.assign(new Error(`no address of ${hostname} fits`), { code: 'ENOTFOUND' });
    callback(error, '', 0);
  } else if (options.all === true) {
    callback(null, fitting);
  } else {
    callback(null, first.address, first.family);
  }
}
