// Connections to many origins, through undici: several agents, each with its own pools, so that no dispatch searches a
// long list of connections. Deadlines, retries, redirects and decoding are the engine's; here only bytes move.

import { rootCertificates } from 'node:tls';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import type { FetchLimits, FetchRequestOptions } from '../model/fetch-task.ts';
import { makeDnsCache } from './dns-cache.ts';

/** Connections that one pool is asked to search at most (benchmarks/micro has the cost of more). */
const CONNECTIONS_PER_AGENT = 64;
const MAX_AGENTS = 16;
const KEEP_ALIVE_MS = 15_000;

export type ResponseHandler = Dispatcher.DispatchHandler;
export type ResponseController = Dispatcher.DispatchController;

/** One GET, ready for the wire. */
export interface AgentRequest {
  readonly origin: string;
  /** Origin-form. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: string[];
}

export interface AgentSet {
  /** Sends one request. The handler gets `onResponseError` for whatever goes wrong, also before anything is sent. */
  send(request: AgentRequest, handler: ResponseHandler): void;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export interface AgentSetOptions {
  readonly request: FetchRequestOptions;
  readonly limits: FetchLimits;
  readonly maxInFlight: number;
  readonly onConnection: (event: 'opened' | 'closed') => void;
}

export function openAgentSet(options: AgentSetOptions): AgentSet {
  const count = Math.min(MAX_AGENTS, Math.ceil(options.maxInFlight / CONNECTIONS_PER_AGENT));
  const lookup = makeDnsCache();
  const agents = Array.from({ length: count }, () => openAgent(options, lookup));
  for (const agent of agents) {
    agent.on('connect', () => options.onConnection('opened'));
    agent.on('disconnect', () => options.onConnection('closed'));
  }
  let turn = 0;
  return {
    send({ origin, path, headers }, handler) {
      const agent = agents[turn++ % count] as Dispatcher;
      try {
        agent.dispatch({ origin, path, method: 'GET', headers, blocking: false }, handler);
      } catch (error) {
        handler.onResponseError?.(null as unknown as ResponseController, error as Error);
      }
    },
    close: async () => {
      await Promise.all(agents.map((agent) => agent.destroy(null)));
    },
  };
}

function openAgent(
  { request, limits }: AgentSetOptions,
  lookup: ReturnType<typeof makeDnsCache>,
): Dispatcher {
  const tls = {
    rejectUnauthorized: !request.isInsecure,
    ...(request.ca === null ? {} : { ca: [...rootCertificates, request.ca] }),
  };
  const options: Agent.Options = {
    allowH2: request.allowsHttp2,
    // The engine's sweep ends attempts; undici's own timer only clears away the socket.
    connect: { lookup, timeout: limits.connectMs === 0 ? 0 : limits.connectMs + 1000, ...tls },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: limits.maxHeaderBytes,
  };
  const { http, https, except } = request.proxy;
  if (http === '' && https === '') return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: http,
    httpsProxy: https,
    noProxy: except,
    requestTls: { ...tls },
    proxyTls: { ...tls },
  });
}
