// What the routes of one replica share. Made once in replica.ts; the routes hold no state of their own.

import type { FileIds } from './file-ids.ts';
import type { ReplicaCounters } from './replica/replica-counters.ts';
import type { ServerFacts, ServerStats } from './server-stats.ts';

export interface RouteContext {
  readonly facts: ServerFacts;
  readonly counters: ReplicaCounters;
  readonly ids: FileIds;
  /** True once the replica drains: the last answer owed to a connection then says `Connection: close`. */
  isDraining: boolean;
  /** Statistics of all replicas, through the primary. @throws ERR_SERVER */
  stats(): Promise<ServerStats>;
  /** Resolves when every replica has started its counts again. @throws ERR_SERVER */
  reset(): Promise<void>;
}
