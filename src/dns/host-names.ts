// Host names as connections ask for them: given addresses first, then what the resolver of all threads says. What a
// connection is made to is what a guard has judged.

import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { NameError } from '../model/name-options.ts';
import type { AddressesCallback } from './name-resolver.ts';

/** Names whose addresses are at hand without a question to other threads; beyond them the oldest goes. */
const MAX_NAMES = 10_000;
/** For so long: another thread may have learnt better. */
const AT_HAND_MS = 2_000;

/** Where addresses come from: a `NameResolver`. */
export interface NameSource {
  /** What is known without asking; null where it is to be asked for. */
  known(name: string): readonly string[] | null;
  /** Calls back once, in another turn. */
  resolve(name: string, callback: AddressesCallback): void;
  /** The name will be wanted. */
  warm(name: string): void;
  /** The address took a connection. */
  prefer(name: string, address: string): void;
}

/** Judges an address: `PublicAddresses`. */
export interface AddressPolicy {
  isPublic(address: string): boolean;
}

/** What a lookup is told besides what Node tells it. */
export interface PortOption {
  readonly port?: number;
}

interface Entry {
  readonly addresses: readonly string[];
  readonly untilMs: number;
}

/** A redirect from a public origin to an address that is none. */
export class PrivateAddressError extends Error {
  readonly code = 'ERR_PRIVATE_ADDRESS';

  constructor(hostname: string) {
    super(
      `expected a public address after a redirect from a public origin, found ${hostname}, which is none (--allow-private-redirects)`,
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

  /** Some port of a name has addresses of its own. */
  get hasPins(): boolean {
    return this.#pins.size > 0;
  }

  /** What is known of a name without asking; empty for nothing. */
  known(hostname: string, port?: number): readonly string[] {
    const pinned = this.#pinned(hostname, port);
    if (pinned !== undefined) return pinned;
    const entry = this.#atHand.get(hostname);
    if (entry !== undefined && entry.untilMs > performance.now()) return entry.addresses;
    const addresses = this.#source.known(hostname);
    if (addresses !== null) this.#keep(hostname, addresses);
    // Of a name that was connected to something is known even when its time is over.
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

  /** A name that will be wanted. */
  warm(hostname: string, port: number): void {
    if (this.#pinned(hostname, port) === undefined) this.#source.warm(hostname);
  }

  /** The address took a connection: the next ones of all threads begin with it. */
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

  /** The same without addresses that are not public: what a connection is made to is what was judged. */
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
