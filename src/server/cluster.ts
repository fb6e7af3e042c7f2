// Starts the mock server, watches its replicas and ends them. The process that calls this becomes the
// node:cluster primary. Nothing is printed and no signal is caught here.

import { SpillwayError } from '../model/errors.ts';
import { explainMissing } from '../model/missing-package.ts';
import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { makeSelfSigned } from './faults/self-signed.ts';
import { makeFileKey } from './file-ids.ts';
import { findPorts } from './ports/find-ports.ts';
import { PortLocks } from './ports/port-locks.ts';
import type { ReplicaConfig } from './replica/replica-config.ts';
import type { LoopMs } from './replica/replica-counters.ts';
import { ReplicaGroup } from './replica/replica-group.ts';
import type { ReplicaReplaced } from './replica/replica-group.ts';
import { resolveServerOptions } from './server-options.ts';
import type { ResolvedServerOptions, ServerOptions } from './server-options.ts';
import type { ServerFacts, ServerStats } from './server-stats.ts';

export { parseServerStats } from './server-stats.ts';
export type { ServerOptions } from './server-options.ts';
export type { AnswerStats, ReplicaStats, ServerStats, ServerStatsJson } from './server-stats.ts';
export type { ReplicaReplaced } from './replica/replica-group.ts';

/**
 * How often free ports are searched for: another program may take one between the search and the listening.
 */
const PORT_ATTEMPTS = 3;
const DAY_MS = 86_400_000;

/** A running mock server. Whoever started it closes it; until then it keeps the process alive. */
export interface MockServer {
  /** `http://127.0.0.1:PORT`, one for each destination. */
  readonly origins: readonly string[];
  /** The certificate of its https origins in PEM, for clients to trust; null for plain HTTP. */
  readonly certificate: string | null;
  /** The origins for HTTP/2 over plain TCP; empty unless `h2c` was asked for. */
  readonly h2cOrigins: readonly string[];
  /** Process ids of the replicas that serve now. */
  readonly replicaPids: readonly number[];
  /** What `GET /stats` says, over all replicas. @throws ERR_SERVER when replicas are stuck or could not be kept up */
  stats(): Promise<ServerStats>;
  /**
   * For each replica, since the last reset: how long its event loop was busy and how long it waited, as the
   * replica last noted them. The figures of a replica that is too busy to note do not change here. Zeros
   * before `watchLoops`.
   */
  readonly loopsMs: readonly LoopMs[];
  /** Makes the replicas note their event loops ten times a second. Returns a function that stops it. */
  watchLoops(): () => void;
  /** Starts all counts again; resolves when every replica has. @throws ERR_SERVER when a replica is stuck */
  reset(): Promise<void>;
  /**
   * Accepts no more connections, lets answers in flight leave within `drainMs`, ends the replicas and frees
   * the ports.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * Calls `listener` when a replica died and another one listens in its place. Returns a function that stops
   * it.
   */
  onReplicaReplaced(listener: (event: ReplicaReplaced) => void): () => void;
  /**
   * Calls `listener` (ERR_SERVER) when a replica died too often to be replaced again. Returns a function that
   * stops it.
   */
  onFailed(listener: (error: SpillwayError) => void): () => void;
}

/**
 * Resolves when every replica listens.
 * @throws ERR_OPTION, ERR_PORT_BUSY when an address is taken or not permitted, ERR_SERVER when replicas do not start
 */
export async function startServer(options?: ServerOptions): Promise<MockServer> {
  const resolved = resolveServerOptions(options);
  if (!cluster.isPrimary) {
    throw new SpillwayError(
      'ERR_SERVER',
      'expected a process of its own to start the server, found a node:cluster worker; start it from the primary',
    );
  }
  checkFastify();
  const replaced = new Set<(event: ReplicaReplaced) => void>();
  const failed = new Set<(error: SpillwayError) => void>();
  const { group, locks, origins, h2cOrigins, certificate } = await startGroup(resolved, replaced, failed);
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await group.close();
    await locks.release();
  };
  const close = (): Promise<void> => {
    closing ??= closeAll();
    return closing;
  };
  return {
    origins,
    certificate,
    h2cOrigins,
    get replicaPids() {
      return group.livePids;
    },
    get loopsMs() {
      return group.loopsMs;
    },
    watchLoops: () => group.watchLoops(),
    stats: () => group.stats(),
    reset: () => group.reset(),
    close,
    [Symbol.asyncDispose]: close,
    onReplicaReplaced: (listener) => subscribe(replaced, listener),
    onFailed: (listener) => subscribe(failed, listener),
  };
}

/**
 * Checks in the primary that Fastify can be loaded: a replica that cannot load it would only die again and
 * again.
 */
function checkFastify(): void {
  try {
    import.meta.resolve('fastify');
  } catch (error) {
    throw explainMissing(['fastify'], error);
  }
}

interface Started {
  readonly group: ReplicaGroup;
  readonly locks: PortLocks;
  readonly origins: readonly string[];
  readonly h2cOrigins: readonly string[];
  readonly certificate: string | null;
}

async function startGroup(
  options: ResolvedServerOptions,
  replaced: ReadonlySet<(event: ReplicaReplaced) => void>,
  failed: ReadonlySet<(error: SpillwayError) => void>,
): Promise<Started> {
  const { host, destinations, h2c } = options;
  const facts: ServerFacts = {
    replicas: options.replicas,
    destinations,
    delayMs: options.delayMs,
    items: options.items,
    files: options.files,
    maxPerPage: options.maxPerPage,
    lean: options.lean,
    answer: options.answer,
  };
  const fileKeyHex = makeFileKey(options.seed).toString('hex');
  const tls = options.tls ? makeTls() : null;
  const scheme = tls === null ? 'http' : 'https';
  const portCount = h2c ? destinations * 2 : destinations;
  for (let attempt = 1; ; attempt += 1) {
    const locks = new PortLocks();
    try {
      const allPorts = await findPorts(host, options.port, portCount, locks);
      const ports = allPorts.slice(0, destinations);
      const h2cPorts = allPorts.slice(destinations);
      const configs = Array.from(
        { length: options.replicas },
        (_, index): ReplicaConfig => ({
          facts,
          host,
          ports: portsOfReplica(ports, index, options.replicas),
          h2cPorts: portsOfReplica(h2cPorts, index, options.replicas),
          listenersPerPort: options.listenersPerReplica,
          backlog: options.backlog,
          reusePort: options.reusePort,
          drainMs: options.drainMs,
          fileKeyHex,
          tls,
        }),
      );
      const group = new ReplicaGroup(facts, configs, options.drainMs, {
        replaced: (event) => {
          for (const listener of replaced) listener(event);
        },
        failed: (error) => {
          for (const listener of failed) listener(error);
        },
      });
      await group.start();
      return {
        group,
        locks,
        origins: toOrigins(scheme, host, ports),
        h2cOrigins: toOrigins('http', host, h2cPorts),
        certificate: tls?.cert ?? null,
      };
    } catch (error) {
      await locks.release();
      const isTaken = error instanceof SpillwayError && error.code === 'ERR_PORT_BUSY';
      if (!isTaken || options.port !== 0 || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

/**
 * The ports that replica `index` serves. With at least as many ports as replicas, each port belongs to one
 * replica, so that no replica holds more connections than its share. With fewer, every replica serves every
 * port.
 */
export function portsOfReplica(ports: readonly number[], index: number, replicas: number): number[] {
  return ports.length < replicas ? [...ports] : ports.filter((_, port) => port % replicas === index);
}

/**
 * Makes a certificate that is valid for as long as a server runs, and from a while before, as clocks differ.
 */
function makeTls(): NonNullable<ReplicaConfig['tls']> {
  const now = Date.now();
  const certificate = makeSelfSigned(new Date(now - DAY_MS), new Date(now + 365 * DAY_MS));
  return { ...certificate, ticketKeysHex: randomBytes(48).toString('hex') };
}

/**
 * Origins for clients. A wildcard host is no address to connect to, so clients on this machine get the
 * loopback.
 */
function toOrigins(scheme: string, host: string, ports: readonly number[]): string[] {
  const target = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const bracketed = target.includes(':') ? `[${target}]` : target;
  return ports.map((port) => `${scheme}://${bracketed}:${port}`);
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}
