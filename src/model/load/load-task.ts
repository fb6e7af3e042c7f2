// Everything that crosses between the runner of a load and its workers: plain data and shared memory.

/** `even`: evenly spaced at the rate. `poisson`: exponential gaps, like independent users. */
export const ARRIVAL_KINDS = ['even', 'poisson'] as const;
export type ArrivalKind = (typeof ARRIVAL_KINDS)[number];

/** A rate over some time: constant, or changing linearly. */
export interface RateStage {
  readonly fromPerSec: number;
  readonly toPerSec: number;
  readonly durationMs: number;
}

/** One request that a load repeats. */
export interface LoadRequest {
  /** As a person reads it: the method and the URL without a login. */
  readonly name: string;
  readonly origin: string;
  readonly method: string;
  /** The path in origin-form. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Uint8Array | null;
  /** Its share of all requests, relative to the other weights; above 0. */
  readonly weight: number;
}

/** What makes an answer right. A wrong answer is an error like any other. */
export interface Expectations {
  /** null accepts 200 to 399. */
  readonly statuses: readonly number[] | null;
  /** Media type such as `application/json` or `image/*`; null accepts any. */
  readonly type: string | null;
  /** Length of the body in bytes; null accepts any. */
  readonly lengthBytes: number | null;
  /** Text that the body must contain; null accepts any body. */
  readonly text: string | null;
  /** The value at a path in the body, as JSON or, for a string, without its quotes; null accepts any. */
  readonly json: { readonly path: readonly (string | number)[]; readonly value: string } | null;
}

/** The checks that an answer can fail, in the order in which they are made. */
export const CHECKS = ['status', 'type', 'length', 'text', 'json'] as const;
export type Check = (typeof CHECKS)[number];

export interface LoadLimits {
  readonly connectTimeoutMs: number;
  /** From the sending of a request to the end of its answer. */
  readonly timeoutMs: number;
  readonly maxHeaderBytes: number;
  /** The most bytes of a body that are kept to be checked. */
  readonly maxCheckedBytes: number;
}

/** Memory of one load that its workers and the runner share. */
export interface SharedLoad {
  /** Int32 fields, see `LOAD_CONTROL`. */
  readonly control: SharedArrayBuffer;
  /** One double: when the gate was opened, on the machine's monotonic clock. */
  readonly startedAtMs: SharedArrayBuffer;
}

export const LOAD_CONTROL = {
  /** 0 not yet, 1 go. */
  gate: 0,
  /** Workers that are ready. */
  ready: 1,
  /** Like `ORDER` of a run of trials. */
  order: 2,
  /** Requests taken so far, when their number is fixed. */
  taken: 3,
  fieldCount: 4,
} as const;

/** Memory that one worker writes and the runner reads. */
export interface SharedLoadAccount {
  readonly tally: SharedArrayBuffer;
  readonly histograms: Readonly<Record<LoadHistogramName, SharedArrayBuffer>>;
  /**
   * Lateness of requests that found a connection free, by quarter of the measured time: shows a sender that
   * falls behind.
   */
  readonly lateQuarters: readonly SharedArrayBuffer[];
  /** Service time of right answers, one histogram for each request. */
  readonly byRequest: readonly SharedArrayBuffer[];
  readonly answers: SharedArrayBuffer;
  readonly errors: SharedArrayBuffer;
  readonly heat: SharedArrayBuffer;
  /** Float64: how often each status came, up to 599. */
  readonly statuses: SharedArrayBuffer;
}

/**
 * `response`: from when a request was due to the end of its answer. `service`: from its sending. `connect`:
 * from the first wait for a connection until it was open, with name look-up and TLS. `firstByte`: from the
 * sending to the head of the answer. `transfer`: from there to its end. `late`: from when it was due to its
 * sending. `wrong`: response time of answers that failed a check. All cover the measured time; all except
 * `wrong` and `late` count right answers only, and `late` counts every request.
 */
export const LOAD_HISTOGRAMS = [
  'response',
  'service',
  'connect',
  'firstByte',
  'transfer',
  'late',
  'wrong',
  'warmUp',
] as const;
export type LoadHistogramName = (typeof LOAD_HISTOGRAMS)[number];

/** The share of one worker. */
export interface LoadTask {
  readonly workerIndex: number;
  readonly workerCount: number;
  readonly requests: readonly LoadRequest[];
  /** null when each connection sends its next request as soon as it is answered. */
  readonly rate: {
    readonly stages: readonly RateStage[];
    readonly kind: ArrivalKind;
  } | null;
  readonly seed: number;
  /** Over all workers together; null for as many as fit into the time. */
  readonly requestCount: number | null;
  /** Warm-up and measured time together; null to run until `requestCount` is reached. */
  readonly totalMs: number | null;
  readonly warmUpMs: number;
  readonly drainMs: number;
  /** This worker's share. */
  readonly connectionCount: number;
  /** Requests open at once on a connection. */
  readonly depth: number;
  /** How many due and unanswered requests this worker may have; one more is counted as unsent. */
  readonly maxOwed: number;
  readonly isKeepAlive: boolean;
  readonly transport: 'wire' | 'undici';
  readonly protocol: 'h1' | 'h2';
  /**
   * Certificates in PEM that are trusted in addition to the usual ones, and whether any certificate is accepted.
   */
  readonly trust: { readonly ca: string | null; readonly isInsecure: boolean };
  readonly limits: LoadLimits;
  readonly expect: Expectations;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly shared: SharedLoad;
  readonly account: SharedLoadAccount;
}

/** Counters of one worker, in this order. */
export const LOAD_FIELDS = [
  /** Requests due so far. */
  'asked',
  'sent',
  /** Sent more than a millisecond after they were due. */
  'late',
  /** Due when `maxOwed` requests were due and unanswered, and therefore never sent. */
  'unsent',
  'answered',
  'right',
  'wrong',
  'failed',
  /** Sent and not answered when the wait for late answers was over. */
  'unanswered',
  /** Asked and answered in the warm-up, and not right; in no other figure. */
  'warmUpAsked',
  'warmUpWrong',
  'inFlight',
  'waiting',
  'bytesReceived',
  'connectionsOpened',
  'connectionsClosed',
  /** Requests that were due when no connection was free. */
  'noneFree',
  'eluActiveMs',
  'eluIdleMs',
  'cpuUserUs',
  'cpuSystemUs',
  /** Time in which the thread was ready to run and had no core. */
  'runDelayMs',
  'surplusAnswers',
  'firstSentAtMs',
  'lastAnsweredAtMs',
] as const;
export type LoadField = (typeof LOAD_FIELDS)[number];
