// All connections of a worker, in two sets: one for whatever the caller asked for, one that reaches public
// addresses only, for requests that a public origin has redirected. The sets share nothing, so that no
// connection of the first serves the second.

import type { LookupFunction } from 'node:net';
import { FetchRoutes, type RoutedRequest, type RouteOptions } from './fetch-routes.ts';
import type { AnswerReceiver, RequestControl } from '../fetch-transport.ts';
import { HostNames, type NameSource, PrivateAddressError } from '../../dns/host-names.ts';
import { isLiteral, isProxied, OriginHosts, sendNamed } from './named-requests.ts';
import { PublicAddresses } from '../socket/public-address.ts';

export interface GuardedRequest extends RoutedRequest {
  /** True where a public origin has redirected here. */
  readonly isGuarded: boolean;
}

export class GuardedRoutes {
  readonly #options: Omit<RouteOptions, 'lookup' | 'hasPins'>;
  readonly #names: HostNames;
  readonly #hosts = new OriginHosts();
  readonly #policy: PublicAddresses;
  readonly #open: FetchRoutes;
  #guarded: FetchRoutes | null = null;

  /** @param names where addresses come from; the caller's to close */
  constructor(options: Omit<RouteOptions, 'lookup' | 'hasPins'>, names: NameSource) {
    const { names: nameOptions, publicRanges } = options.request;
    this.#options = options;
    this.#names = new HostNames(nameOptions?.pins ?? {}, names);
    this.#policy = new PublicAddresses(publicRanges);
    this.#open = this.#openRoutes(this.#names.lookup);
  }

  /** Sends one request. Whatever goes wrong, even before anything is sent, goes to the receiver. */
  send(request: GuardedRequest, receiver: AnswerReceiver): RequestControl {
    const host = this.#hosts.of(request.origin);
    const routes = this.#routesFor(request);
    // An address in the URL is never looked up, so the guard of the lookup does not see it.
    if (routes !== this.#open && host.isLiteral && !this.#policy.isPublic(host.hostname)) {
      receiver.onError(new PrivateAddressError(host.hostname), 'own');
      return NOTHING_TO_CONTROL;
    }
    if (!isProxied(request, this.#options.request.proxy))
      return sendNamed(this.#names, host, () => routes.send(request, receiver), receiver);
    receiver.onNamed?.();
    return routes.send(request, receiver);
  }

  /** Asks for an origin's name ahead, because a target there is about to come. */
  expect(origin: string): void {
    if (isProxied({ origin }, this.#options.request.proxy)) return;
    const { hostname, port, isLiteral } = this.#hosts.of(origin);
    if (!isLiteral) this.#names.warm(hostname, port);
  }

  /**
   * Whether a host that has answered belongs to the public Internet. A name that only a proxy resolves counts
   * as public.
   */
  isPublic(hostname: string): boolean {
    if (isLiteral(hostname)) return this.#policy.isPublic(hostname);
    const known = this.#names.known(hostname);
    return known.length === 0 || known.some((address) => this.#policy.isPublic(address));
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await Promise.all([this.#open.close(), this.#guarded?.close()]);
  }

  #routesFor({ isGuarded }: GuardedRequest): FetchRoutes {
    if (!isGuarded || this.#options.request.allowsPrivateRedirects === true) return this.#open;
    this.#guarded ??= this.#openRoutes(this.#names.guardedLookup(this.#policy));
    return this.#guarded;
  }

  #openRoutes(lookup: LookupFunction): FetchRoutes {
    return new FetchRoutes({ ...this.#options, lookup, hasPins: this.#names.hasPins });
  }
}

const NOTHING_TO_CONTROL: RequestControl = {
  pause: () => {},
  resume: () => {},
  abort: () => {},
  leave: () => {},
};
