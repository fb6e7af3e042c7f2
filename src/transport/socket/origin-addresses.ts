// The addresses that a lane connects to: those of its origin's host, looked up once and not for each
// connection.

import { lookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';

/** How long a name's addresses are used before it is looked up again. */
const FRESH_MS = 30_000;

export type AddressesCallback = (error: Error | null, addresses: readonly string[]) => void;

/** The addresses of one host, best first. A literal address is its own answer. */
export class OriginAddresses {
  readonly #host: string;
  readonly #resolve: LookupFunction;
  readonly #port: number | undefined;
  #addresses: readonly string[] = [];
  #freshUntilMs = 0;
  #proven: string | null = null;
  #waiting: AddressesCallback[] = [];

  /**
   * @param host a name or an address; an IPv6 literal may stand in brackets as it does in a URL
   * @param resolve @default the system's resolver
   * @param port for a resolver that tells addresses by port
   */
  constructor(host: string, resolve: LookupFunction = lookup, port?: number) {
    this.#resolve = resolve;
    this.#port = port;
    this.#host = host.startsWith('[') ? host.slice(1, -1) : host;
    if (isIP(this.#host) === 0) return;
    this.#addresses = [this.#host];
    this.#freshUntilMs = Infinity;
  }

  /** Calls back at once where the addresses are known. Callers try them in turn, without a race. */
  resolve(callback: AddressesCallback): void {
    if (performance.now() < this.#freshUntilMs) callback(null, this.#addresses);
    else if (this.#waiting.push(callback) === 1) this.#look();
  }

  /** A `lookup` for `net.connect`, answered from the known addresses. */
  readonly lookup: LookupFunction = (_host, options, callback) => {
    this.resolve((error, addresses) => {
      const found = addresses.map((address) => ({ address, family: isIP(address) }));
      const first = found[0];
      if (error !== null) callback(error, '', 0);
      else if (options.all === true) callback(null, found);
      else callback(null, first?.address ?? '', first?.family ?? 0);
    });
  };

  /** True for more than one address, so that it matters which of them took a connection. */
  get hasChoice(): boolean {
    return this.#addresses.length > 1;
  }

  /** One of the addresses took a connection and is tried first from then on. */
  get isAnyProven(): boolean {
    return this.#proven !== null;
  }

  /** The address took a connection before. */
  isProven(address: string): boolean {
    return this.#proven === address;
  }

  /** Says that the address took a connection, so that later ones try it first. */
  prefer(address: string): void {
    this.#proven = address;
    if (this.#addresses[0] === address || !this.#addresses.includes(address)) return;
    this.#addresses = [address, ...this.#addresses.filter((other) => other !== address)];
  }

  #look(): void {
    const found = (error: Error | null, result: unknown) =>
      this.#found(error, result as readonly LookupAddress[]);
    const options = this.#port === undefined ? { all: true } : { all: true, port: this.#port };
    try {
      // With `all` the resolver gives a list, although the type also allows a string.
      this.#resolve(this.#host, options, found);
    } catch (error) {
      found(error as Error, []);
    }
  }

  #found(error: Error | null, result: readonly LookupAddress[]): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (error === null) {
      const preferred = this.#addresses[0];
      this.#addresses = result.map(({ address }) => address);
      if (preferred !== undefined) this.prefer(preferred);
      this.#freshUntilMs = performance.now() + FRESH_MS;
    }
    for (const callback of waiting) callback(error, error === null ? this.#addresses : []);
  }
}
