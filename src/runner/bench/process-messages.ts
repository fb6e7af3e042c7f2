// All messages between a run and its further client processes. Memory cannot be shared with them, so their ledger
// is sent as bytes: counters while it runs, everything at the end.

import type { TrialFailure, TrialTask } from '../../model/messages.ts';
import type { WorkerGroupUsage } from './worker-group.ts';
import type { LedgerBytes } from './ledger-bytes.ts';

/** A task without the memory that only the sending process has. */
export type RemoteTask = Omit<TrialTask, 'ledger' | 'account'>;

export type ToProcess =
  | {
      readonly type: 'settle';
      readonly tasks: readonly RemoteTask[];
      readonly trialCount: number;
      readonly workerEntry: string | null;
    }
  | { readonly type: 'go' }
  /** All workers of all processes have finished. */
  | { readonly type: 'close' }
  | { readonly type: 'drain' }
  | { readonly type: 'abort' };

export type FromProcess =
  /** This many workers stand at the gate. */
  | { readonly type: 'ready'; readonly workerCount: number }
  /** This many workers have settled their shares. */
  | { readonly type: 'finished'; readonly workerCount: number }
  | { readonly type: 'progress'; readonly tallies: readonly Uint8Array[] }
  | {
      readonly type: 'settled';
      readonly ledger: LedgerBytes;
      readonly failures: readonly TrialFailure[];
      readonly deaths: readonly string[];
      readonly usage: WorkerGroupUsage;
    }
  | { readonly type: 'broken'; readonly message: string };
