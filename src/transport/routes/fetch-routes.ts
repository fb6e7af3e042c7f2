// Chooses the transport of a request: the wire lane for HTTP/1.1 without a proxy; undici for HTTP/2, for
// proxies and for what the wire lane refuses. undici is loaded at its first use, because it takes 20 MB in
// each thread.

import type { AnswerReceiver, FetchedRequest, RequestControl } from '../fetch-transport.ts';
import { TlsClient } from '../tls/tls-client.ts';
import type { AgentSet, AgentSetOptions } from '../undici/undici-agents.ts';
import { WireAgents } from '../wire/wire-agents.ts';
import { isWireFields } from '../wire/wire-fields.ts';

export interface RoutedRequest extends FetchedRequest {
  /** The wire lane refused an answer to this request, so undici takes it. */
  readonly isHandedOver: boolean;
}

/** What all requests of a set of connections have in common. */
export type RouteOptions = AgentSetOptions;

/** Origins that are known to speak only HTTP/2; beyond this the oldest is forgotten and asked again. */
const MAX_NO_HTTP1 = 10_000;

export class FetchRoutes {
  readonly #options: RouteOptions;
  readonly #wire: WireAgents | null;
  /** URL schemes that the wire lane takes. */
  readonly #wireSchemes: readonly string[];
  readonly #noHttp1 = new Set<string>();
  /**
   * Whether the wire lane takes these fields. Fields with a login are in arrays of their own, which are not
   * kept here.
   */
  readonly #isWireFields = new WeakMap<readonly string[], boolean>();
  #agents: AgentSet | null = null;
  #opening: Promise<AgentSet> | null = null;

  constructor(options: RouteOptions) {
    const { request, limits, lookup, onConnection } = options;
    this.#options = options;
    const { proxy } = request;
    const isHttpsForWire = proxy.https === '' && request.prefersHttp2 !== true;
    const schemes = [...(proxy.http === '' ? ['http:'] : []), ...(isHttpsForWire ? ['https:'] : [])];
    this.#wireSchemes = request.transport === 'undici' ? [] : schemes;
    this.#wire =
      this.#wireSchemes.length === 0
        ? null
        : new WireAgents({
            connectTimeoutMs: limits.connectMs === 0 ? 0 : limits.connectMs + 1000,
            maxHeaderBytes: limits.maxHeaderBytes,
            lookup,
            tls: new TlsClient(request),
            onNoHttp1: (origin) => this.#learnNoHttp1(origin),
            onConnection,
            ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
          });
  }

  /** Sends one request. Whatever goes wrong, even before anything is sent, goes to the receiver. */
  send(request: RoutedRequest, receiver: AnswerReceiver): RequestControl {
    if (this.#wire !== null && !request.isHandedOver && this.#isForWire(request))
      return this.#wire.send(request, receiver);
    if (this.#agents !== null) return this.#agents.send(request, receiver);
    return new LateRequest(this.#open(), request, receiver);
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    await this.#wire?.close();
    await (await this.#opening)?.close();
  }

  #isForWire({ origin, fields }: RoutedRequest): boolean {
    if (!this.#wireSchemes.includes(origin.slice(0, origin.indexOf(':') + 1))) return false;
    if (this.#noHttp1.has(origin)) return false;
    let isForWire = this.#isWireFields.get(fields);
    if (isForWire === undefined) {
      isForWire = isWireFields(fields);
      this.#isWireFields.set(fields, isForWire);
    }
    return isForWire;
  }

  /** Remembers that the origin refuses HTTP/1.1, so that its next targets go to undici at once. */
  #learnNoHttp1(origin: string): void {
    for (const first of this.#noHttp1) {
      if (this.#noHttp1.size < MAX_NO_HTTP1) break;
      this.#noHttp1.delete(first);
    }
    this.#noHttp1.add(origin);
  }

  #open(): Promise<AgentSet> {
    this.#opening ??= import('../undici/undici-agents.ts').then(({ openAgentSet }) => {
      this.#agents = openAgentSet(this.#options);
      return this.#agents;
    });
    return this.#opening;
  }
}

/** A request that waits for undici to be loaded. */
class LateRequest implements RequestControl {
  #control: RequestControl | null = null;
  #isOver = false;

  constructor(opening: Promise<AgentSet>, request: RoutedRequest, receiver: AnswerReceiver) {
    opening.then(
      (agents) => {
        if (this.#isOver) return;
        const control = agents.send(request, receiver);
        // The request may have failed at once.
        if (this.#isOver) control.leave();
        else this.#control = control;
      },
      (error: unknown) => {
        if (!this.#isOver) receiver.onError(error, 'own');
      },
    );
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
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
