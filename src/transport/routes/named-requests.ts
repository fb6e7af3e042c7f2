// Holds a request until its host has addresses, before it takes a connection. This wait is our own, so no
// deadline of the target runs meanwhile.

import { isIP } from 'node:net';
import type { AnswerReceiver, FetchedRequest, RequestControl } from '../fetch-transport.ts';
import type { HostNames } from '../../dns/host-names.ts';

/** Hosts of parsed origins to keep; beyond them the oldest is dropped and parsed again. */
const MAX_ORIGINS = 10_000;

/** The host of an origin, parsed. */
export interface OriginHost {
  readonly hostname: string;
  readonly port: number;
  /** An address, or a name that means this machine wherever it is resolved (RFC 6761). */
  readonly isLiteral: boolean;
}

export class OriginHosts {
  readonly #known = new Map<string, OriginHost>();

  of(origin: string): OriginHost {
    const known = this.#known.get(origin);
    if (known !== undefined) return known;
    const url = new URL(origin);
    const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
    const host = { hostname: url.hostname, port, isLiteral: isLiteral(url.hostname) };
    for (const oldest of this.#known.keys()) {
      if (this.#known.size < MAX_ORIGINS) break;
      this.#known.delete(oldest);
    }
    this.#known.set(origin, host);
    return host;
  }
}

export function isLiteral(hostname: string): boolean {
  return hostname.startsWith('[') || isIP(hostname) !== 0 || /(?:^|\.)localhost\.?$/u.test(hostname);
}

/** Sends at once where the name's addresses are known, otherwise as soon as they are. */
export function sendNamed(
  names: HostNames,
  { hostname, port, isLiteral }: OriginHost,
  send: () => RequestControl,
  receiver: AnswerReceiver,
): RequestControl {
  if (isLiteral || names.known(hostname, port).length > 0) {
    receiver.onNamed?.();
    return send();
  }
  return new NamedRequest(names, { hostname, port }, send, receiver);
}

class NamedRequest implements RequestControl {
  #control: RequestControl | null = null;
  #isOver = false;
  #isPaused = false;

  constructor(
    names: HostNames,
    { hostname, port }: Pick<OriginHost, 'hostname' | 'port'>,
    send: () => RequestControl,
    receiver: AnswerReceiver,
  ) {
    names.resolve(hostname, port, (error) => {
      if (this.#isOver) return;
      if (error !== null) {
        receiver.onError(error, 'own');
        return;
      }
      receiver.onNamed?.();
      try {
        this.#begin(send());
      } catch (thrown) {
        receiver.onError(thrown, 'own');
      }
    });
  }

  #begin(control: RequestControl): void {
    // The request may have failed at once.
    if (this.#isOver) {
      control.leave();
      return;
    }
    this.#control = control;
    if (this.#isPaused) control.pause();
  }

  pause(): void {
    this.#isPaused = true;
    this.#control?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#control?.resume();
  }

  abort(error: Error): void {
    this.#isOver = true;
    this.#control?.abort(error);
  }

  leave(): void {
    this.#isOver = true;
    this.#control?.leave();
  }
}

/** Whether a proxy, and not this machine, looks the name up. */
export function isProxied(
  { origin }: Pick<FetchedRequest, 'origin'>,
  proxy: { readonly http: string; readonly https: string },
): boolean {
  return (origin.startsWith('https:') ? proxy.https : proxy.http) !== '';
}
