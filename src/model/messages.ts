// Everything that crosses between the runner and its workers. Plain data and shared memory; no class, no function.

import type { FailureCode } from './errors.ts';
import type { Plan } from './plan.ts';
import type { Range } from './split.ts';

/** Memory of one run that every worker sees. A worker that dies leaves what it wrote. */
export interface SharedLedger {
  /** One bit a trial: answered and right. */
  readonly settledOk: SharedArrayBuffer;
  /** One bit a trial: settled as failed. */
  readonly settledFailed: SharedArrayBuffer;
  /** One bit a trial: sent more than once. */
  readonly repeated: SharedArrayBuffer;
  /** One double: when the gate was opened, on the machine's monotonic clock; zero of every time axis. */
  readonly startedAtMs: SharedArrayBuffer;
  /** Int32 fields, see `CONTROL`. */
  readonly control: SharedArrayBuffer;
}

/** Memory that one worker writes and the runner reads. */
export interface SharedAccount {
  readonly tally: SharedArrayBuffer;
  /** From dispatch to the last byte, so it includes the wait for a connection. */
  readonly latency: SharedArrayBuffer;
  /** From the request handed to a connected socket to the last byte. */
  readonly wireLatency: SharedArrayBuffer;
  /** From the first dispatch on a connection until the connection was open. */
  readonly connectTime: SharedArrayBuffer;
  readonly timeline: SharedArrayBuffer;
}

/** Fields of `SharedLedger.control`. */
export const CONTROL = {
  /** 0 not yet, 1 go: workers wait for it, so that start-up is not part of the measured time. */
  gate: 0,
  /** How many workers are ready at the gate. */
  ready: 1,
  /** 0 run, 1 drain (take nothing new), 2 abort (cut now). */
  order: 2,
  /** How many workers have settled their share; their connections are still open. */
  finished: 3,
  /** 0 not yet, 1: connections may be closed. The cost of that is not part of the measured time. */
  close: 4,
  fieldCount: 5,
} as const;

export const ORDER = { run: 0, drain: 1, abort: 2 } as const;

/** The share of one worker: everything its lanes need, and the trials to settle. */
export interface TrialTask {
  readonly workerIndex: number;
  /** All trials that this worker is responsible for. */
  readonly share: Range;
  /** The part to settle now: less than the share when a thread replaces one that died. */
  readonly ranges: readonly Range[];
  readonly plan: Plan;
  /** This worker's share of the plan's totals. */
  readonly laneCount: number;
  readonly connectionCount: number;
  readonly maxInFlight: number;
  readonly maxConnecting: number;
  readonly origins: readonly string[];
  readonly limits: AttemptLimits;
  readonly userAgent: string;
  /** Trust for an https origin. */
  readonly tls: TlsTrust;
  readonly ledger: SharedLedger;
  readonly account: SharedAccount;
}

/** Which certificates TLS connections accept. */
export interface TlsTrust {
  /** Certificates in PEM that are trusted in addition to the usual ones; null for none. */
  readonly ca: string | null;
  /** Accept any certificate. */
  readonly isInsecure: boolean;
}

export const USUAL_TRUST: TlsTrust = { ca: null, isInsecure: false };

/** The limits of one attempt, and the number of attempts for one target. In a fetch 0 means no limit. */
export interface AttemptLimits {
  /** From the start of an attempt to its last byte, redirects included. */
  readonly totalMs: number;
  /** Until a connection is open, including name lookup and TLS. */
  readonly connectMs: number;
  /** From the request sent to the first byte of the answer. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  /** Attempts after the first. */
  readonly maxRetries: number;
  readonly maxHeaderBytes: number;
  /** The longest body, as kept and as received; both count. */
  readonly maxBodyBytes: number;
}

/** A trial that settled as failed, named. */
export interface TrialFailure {
  readonly trial: number;
  readonly code: FailureCode;
  readonly message: string;
  readonly attempts: number;
}

/** What a worker sends back: all counting is in shared memory already. */
export interface TrialResult {
  readonly workerIndex: number;
  /** The first failures, at most `MAX_NAMED_FAILURES`. */
  readonly failures: readonly TrialFailure[];
}

export const MAX_NAMED_FAILURES = 100;
