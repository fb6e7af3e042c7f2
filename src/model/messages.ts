// All that crosses between the runner and its workers. Plain data and shared memory; no class, no function.

import type { FailureCode } from './errors.ts';
import type { Plan } from './plan.ts';
import type { Range } from './split.ts';

/** Memory of one run that every worker sees. A worker that dies leaves what it wrote. */
export interface SharedLedger {
  /** One bit a trial: answered and right. */
  readonly settledOk: SharedArrayBuffer;
  /** One bit a trial: settled as failed. */
  readonly settledFailed: SharedArrayBuffer;
  /** One bit a trial: put on the wire more than once. */
  readonly repeated: SharedArrayBuffer;
  /** One double: when the gate was opened, on the machine's monotonic clock; zero of every time axis. */
  readonly startedAtMs: SharedArrayBuffer;
  /** Int32 fields, see `CONTROL`. */
  readonly control: SharedArrayBuffer;
}

/** Memory that one worker writes and the runner reads. */
export interface SharedAccount {
  readonly tally: SharedArrayBuffer;
  /** From dispatch to the last byte: the wait for a connection is in it. */
  readonly latency: SharedArrayBuffer;
  /** From the request handed to a connected socket to the last byte. */
  readonly wireLatency: SharedArrayBuffer;
  /** From the first dispatch on a connection until the connection stood. */
  readonly connectTime: SharedArrayBuffer;
  readonly timeline: SharedArrayBuffer;
}

/** Fields of `SharedLedger.control`. */
export const CONTROL = {
  /** 0 not yet, 1 go: workers wait for it, so that start-up stays out of the measured time. */
  gate: 0,
  /** How many workers stand ready at the gate. */
  ready: 1,
  /** 0 run, 1 drain (take nothing new), 2 abort (cut now). */
  order: 2,
  /** How many workers have settled their share; their connections still stand. */
  finished: 3,
  /** 0 not yet, 1: connections may be closed. What that costs is no part of the measured time. */
  close: 4,
  fieldCount: 5,
} as const;

export const ORDER = { run: 0, drain: 1, abort: 2 } as const;

/** The share of one worker: everything its lanes need and the trials they are to settle. */
export interface TrialTask {
  readonly workerIndex: number;
  /** All trials this worker answers for. */
  readonly share: Range;
  /** What of it is to be settled now: less than the share when a thread takes over from one that died. */
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
  /** Of an https origin. */
  readonly tls: TlsTrust;
  readonly ledger: SharedLedger;
  readonly account: SharedAccount;
}

/** Whom TLS connections believe. */
export interface TlsTrust {
  /** Certificates in PEM that are trusted besides the usual; null for none. */
  readonly ca: string | null;
  /** Accept any certificate. */
  readonly isInsecure: boolean;
}

export const USUAL_TRUST: TlsTrust = { ca: null, isInsecure: false };

/** What bounds one attempt, and the attempts of one target. In a fetch 0 means no bound. */
export interface AttemptLimits {
  /** From the start of an attempt to its last byte, redirects included. */
  readonly totalMs: number;
  /** Until a connection stands, name lookup and TLS included. */
  readonly connectMs: number;
  /** From the request sent to the first byte of the answer. */
  readonly firstByteMs: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  /** Attempts after the first. */
  readonly maxRetries: number;
  readonly maxHeaderBytes: number;
  /** Of a body as kept and as received; both count. */
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
