// All messages between the primary and a replica: plain data, sent by structured clone.

import type { ErrorCode } from '../../model/errors.ts';
import type { LoopMs, ReplicaSnapshot } from './replica-counters.ts';
import type { ServerStats } from '../server-stats.ts';

/** Primary to replica. `id` pairs an answer with its question. */
export type ToReplica =
  | { readonly type: 'snapshot'; readonly id: number }
  | { readonly type: 'reset'; readonly id: number }
  | { readonly type: 'drain' }
  /** Starts or stops noting the event loop ten times a second. */
  | { readonly type: 'watch-loop'; readonly isWatched: boolean }
  | { readonly type: 'stats-answer'; readonly id: number; readonly stats: ServerStats }
  | { readonly type: 'reset-answer'; readonly id: number }
  | { readonly type: 'refusal'; readonly id: number; readonly message: string };

/** Replica to primary. */
export type ToPrimary =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly type: 'snapshot-answer'; readonly id: number; readonly snapshot: ReplicaSnapshot }
  | { readonly type: 'reset-done'; readonly id: number }
  /** What it has counted, now and then while it counts, and as its last word. */
  | { readonly type: 'counts-note'; readonly snapshot: ReplicaSnapshot }
  /** Times of the event loop since the replica's last reset. */
  | { readonly type: 'loop-note'; readonly loopMs: LoopMs }
  | { readonly type: 'ask-stats'; readonly id: number }
  | { readonly type: 'ask-reset'; readonly id: number };
