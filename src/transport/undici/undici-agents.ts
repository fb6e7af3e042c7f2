// Connections to many origins, through undici: several agents, each with its own pools, so that no dispatch searches a
// long list of connections. Deadlines, retries, redirects and decoding are the engine's; here only bytes move.

import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { hash64 } from '../../model/hash64.ts';
import type { FetchLimits, FetchRequestOptions } from '../../model/fetch-task.ts';
import { decodableLogin } from '../../model/login.ts';
import type { AnswerReceiver, FetchedRequest, RequestControl } from '../fetch-transport.ts';
import { trustOptions } from '../tls/tls-trust.ts';
import { UndiciReceiver } from './undici-receiver.ts';

/** Most connections of one pool: undici searches them one by one for every request. */
const CONNECTIONS_PER_AGENT = 64;
const MAX_AGENTS = 16;
const KEEP_ALIVE_MS = 15_000;

export interface AgentSet {
  /** Sends one request. Whatever goes wrong, even before anything is sent, goes to the receiver. */
  send(request: FetchedRequest, receiver: AnswerReceiver): RequestControl;
  /** Cuts every connection. */
  close(): Promise<void>;
}

export interface AgentSetOptions {
  readonly request: FetchRequestOptions;
  readonly limits: FetchLimits;
  readonly maxInFlight: number;
  /** Over all workers; 0 for no bound. */
  readonly maxPerOrigin: number;
  /** How names become addresses. */
  readonly lookup: LookupFunction;
  /** Connections that the limit of open files allows. @default no bound */
  readonly maxConnections?: number;
  /** True where some ports of a name have addresses of their own. @default false */
  readonly hasPins?: boolean;
  readonly onConnection: (event: 'opened' | 'closed') => void;
}

/**
 * Opens agents that have as many connections as they may have requests. undici sees a connection as busy for
 * a moment after its answer; with this bound it waits for it and does not open another. Where an origin has a
 * small budget, all its requests go to one agent; otherwise a request goes to the least busy agent.
 */
export function openAgentSet(options: AgentSetOptions): AgentSet {
  const { maxInFlight, maxPerOrigin, onConnection } = options;
  const count = Math.min(MAX_AGENTS, Math.ceil(maxInFlight / CONNECTIONS_PER_AGENT));
  const isSticky = maxPerOrigin > 0 && maxPerOrigin <= CONNECTIONS_PER_AGENT;
  const connections = isSticky ? maxPerOrigin : Math.ceil(maxInFlight / count);
  const agents = Array.from({ length: count }, () => openAgent(options, connections));
  for (const agent of agents) {
    agent.on('connect', () => onConnection('opened'));
    agent.on('disconnect', () => onConnection('closed'));
  }
  const open = agents.map(() => 0);
  return {
    send: ({ origin, path, fields }, receiver) => {
      const agent = isSticky ? hash64(origin)[1] % count : open.indexOf(Math.min(...open));
      open[agent] = (open[agent] as number) + 1;
      const handler = new UndiciReceiver(receiver, () => {
        open[agent] = (open[agent] as number) - 1;
      });
      try {
        agents[agent]?.dispatch(
          { origin, path, method: 'GET', headers: [...fields], blocking: false },
          handler,
        );
      } catch (error) {
        receiver.onError(error, 'own');
      }
      return handler;
    },
    close: async () => {
      await Promise.all(agents.map((agent) => agent.destroy(null)));
    },
  };
}

function openAgent(
  { request, limits, lookup, hasPins = false }: AgentSetOptions,
  connections: number,
): Dispatcher {
  const tls = trustOptions(request);
  // The engine's sweep ends attempts; undici's own timer only removes the socket.
  const connect = { timeout: limits.connectMs === 0 ? 0 : limits.connectMs + 1000, ...tls };
  const allowH2 = request.allowsHttp2;
  const options: Agent.Options = {
    allowH2,
    connections,
    connect: hasPins ? connectByPort({ ...connect, allowH2 }, lookup) : { ...connect, lookup },
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: limits.maxHeaderBytes,
  };
  const { http, https, except } = request.proxy;
  if (http === '' && https === '') return new Agent(options);
  return new EnvHttpProxyAgent({
    ...options,
    httpProxy: decodableLogin(http),
    httpsProxy: decodableLogin(https),
    noProxy: except,
    requestTls: { ...tls },
    proxyTls: { ...tls },
  });
}

/** Connects with a lookup that knows the port, which Node does not pass to a lookup. */
function connectByPort(
  options: buildConnector.BuildOptions,
  lookup: LookupFunction,
): buildConnector.connector {
  const byPort = new Map<string, buildConnector.connector>();
  return (wanted, callback) => {
    const port = wanted.port || (wanted.protocol === 'https:' ? '443' : '80');
    let connect = byPort.get(port);
    if (connect === undefined) {
      const lookupThere: LookupFunction = (hostname, how, tell) =>
        lookup(hostname, { ...how, port: Number(port) } as typeof how, tell);
      connect = buildConnector({ ...options, lookup: lookupThere });
      byPort.set(port, connect);
    }
    connect(wanted, callback);
  };
}
