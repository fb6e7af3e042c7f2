// What a replica is told when it starts, through its environment: a message could arrive before anything
// listens for it.

import { SpillwayError } from '../../model/errors.ts';
import type { ServerFacts } from '../server-stats.ts';

export interface ReplicaConfig {
  readonly facts: ServerFacts;
  readonly host: string;
  /** The ports this replica serves. */
  readonly ports: readonly number[];
  readonly h2cPorts: readonly number[];
  readonly listenersPerPort: number;
  readonly backlog: number;
  readonly reusePort: boolean;
  readonly drainMs: number;
  /** AES-128 key of the file ids, hex. */
  readonly fileKeyHex: string;
  /** Certificate and key in PEM, and the keys of tickets in hex, the same for all replicas; null for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ticketKeysHex: string } | null;
}

const VARIABLE = 'SPILLWAY_REPLICA';

export function replicaEnv(config: ReplicaConfig): NodeJS.ProcessEnv {
  return { [VARIABLE]: JSON.stringify(config) };
}

/**
 * Reads the configuration and removes it from `env`, as it holds a key. @throws ERR_SERVER when there is none
 */
export function takeReplicaConfig(env: NodeJS.ProcessEnv): ReplicaConfig {
  const text = env[VARIABLE];
  if (text === undefined || process.send === undefined) {
    throw new SpillwayError('ERR_SERVER', 'a replica is started by the server alone; use `spillway serve`');
  }
  delete env[VARIABLE];
  return JSON.parse(text) as ReplicaConfig;
}
