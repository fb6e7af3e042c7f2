// All ways out of a worker: one set of connections for whatever the caller asked for, another for where public origins
// have redirected to, which reaches no address of special use. They share nothing, so that no connection of the first
// kind serves the second.

import { isIP, type LookupFunction } from 'node:net';
import { FetchRoutes, type RoutedRequest, type RouteOptions } from './fetch-routes.ts';
import type { AnswerReceiver, RequestControl } from '../fetch-transport.ts';
import { HostNames, PrivateAddressError, type ResolveName } from '../socket/host-names.ts';
import { PublicAddresses } from '../socket/public-address.ts';

export interface GuardedRequest extends RoutedRequest {
  /** A public origin has redirected here. */
  readonly isGuarded: boolean;
}

export class GuardedRoutes {
  readonly #options: Omit<RouteOptions, 'lookup'>;
  readonly #names: HostNames;
  readonly #policy: PublicAddresses;
  readonly #open: FetchRoutes;
  #guarded: FetchRoutes | null = null;

  /** @param resolve @default the system's resolver */
  constructor(options: Omit<RouteOptions, 'lookup'>, resolve?: ResolveName) {
    const { hosts, publicRanges } = options.request;
    this.#options = options;
    this.#names = new HostNames(hosts, resolve);
    this.#policy = new PublicAddresses(publicRanges);
    this.#open = this.#openRoutes(this.#names.lookup);
  }

  /** Sends one request. The receiver is told of whatever goes wrong, also before anything is sent. */
  send(request: GuardedRequest, receiver: AnswerReceiver): RequestControl {
    if (!request.isGuarded || this.#options.request.allowsPrivateRedirects === true)
      return this.#open.send(request, receiver);
    const { hostname } = new URL(request.origin);
    // An address that stands in the URL is never looked up.
    if (isLiteral(hostname) && !this.#policy.isPublic(hostname)) {
      receiver.onError(new PrivateAddressError(hostname), 'own');
      return NOTHING_TO_CONTROL;
    }
    this.#guarded ??= this.#openRoutes(this.#names.guardedLookup(this.#policy));
    return this.#guarded.send(request, receiver);
  }

  /** Whether a host that has answered is one of the public Internet. One that only a proxy knows is taken for public. */
  isPublic(hostname: string): boolean {
    if (isLiteral(hostname)) return this.#policy.isPublic(hostname);
    const known = this.#names.known(hostname);
    return known.length === 0 || known.some((address) => this.#policy.isPublic(address));
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await Promise.all([this.#open.close(), this.#guarded?.close()]);
  }

  #openRoutes(lookup: LookupFunction): FetchRoutes {
    return new FetchRoutes({ ...this.#options, lookup });
  }
}

const NOTHING_TO_CONTROL: RequestControl = {
  pause: () => {},
  resume: () => {},
  abort: () => {},
  leave: () => {},
};

/** An address, or a name that means this machine wherever it is resolved (RFC 6761). */
function isLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || isIP(hostname) !== 0 || /(?:^|\.)localhost\.?$/u.test(hostname);
}
