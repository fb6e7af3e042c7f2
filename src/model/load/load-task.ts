// All that crosses between the runner of a load and its workers: plain data and shared memory.

/** `even`: at equal steps of the rate. `poisson`: exponential gaps, as independent users make them. */
export const ARRIVAL_KINDS = ['even', 'poisson'] as const;
export type ArrivalKind = (typeof ARRIVAL_KINDS)[number];

/** A rate over some time: constant, or changing linearly. */
export interface RateStage {
  readonly fromPerSec: number;
  readonly toPerSec: number;
  readonly durationMs: number;
}

/** One thing that a load asks for, again and again. */
export interface LoadRequest {
  /** As a person reads it: the method and the URL without a login. */
  readonly name: string;
  readonly origin: string;
  readonly method: string;
  /** Origin-form. */
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly content: Uint8Array | null;
  /** Its share of all requests beside the others' weights; above 0. */
  readonly weight: number;
}

/** What makes an answer right. An answer that is not is an error like any other. */
export interface Expectations {
  /** null: 200 to 399. */
  readonly statuses: readonly number[] | null;
  /** Media type such as `application/json` or `image/*`; null: any. */
  readonly type: string | null;
  /** Bytes of the body; null: any. */
  readonly lengthBytes: number | null;
  /** What the body holds somewhere; null: anything. */
  readonly text: string | null;
  /** What stands at a path into the body, as JSON or, a text, without its quotes; null: anything. */
  readonly json: { readonly path: readonly (string | number)[]; readonly value: string } | null;
}

/** What an answer can fail, in the order in which it is looked at. */
export const CHECKS = ['status', 'type', 'length', 'text', 'json'] as const;
export type Check = (typeof CHECKS)[number];

export interface LoadLimits {
  readonly connectTimeoutMs: number;
  /** From the sending of a request to the end of its answer. */
  readonly timeoutMs: number;
  readonly maxHeaderBytes: number;
  /** Of a body that is kept to be checked. */
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
  /** Workers that stand ready. */
  ready: 1,
  /** As `ORDER` of a run of trials. */
  order: 2,
  /** Requests taken so far, where their number is given. */
  taken: 3,
  fieldCount: 4,
} as const;

/** Memory that one worker writes and the runner reads. */
export interface SharedLoadAccount {
  readonly tally: SharedArrayBuffer;
  readonly histograms: Readonly<Record<LoadHistogramName, SharedArrayBuffer>>;
  /** Lateness of what found a connection free, by quarter of the measured time: it tells a sender that falls behind. */
  readonly lateQuarters: readonly SharedArrayBuffer[];
  /** Service time of right answers, a histogram a request. */
  readonly byRequest: readonly SharedArrayBuffer[];
  readonly answers: SharedArrayBuffer;
  readonly errors: SharedArrayBuffer;
  readonly heat: SharedArrayBuffer;
  /** Float64: how often each status came, up to 599. */
  readonly statuses: SharedArrayBuffer;
}

/**
 * `response`: from when a request was due to the end of its answer. `service`: from its sending. `connect`: from the
 * first wait for a connection until it stood, with name look-up and TLS. `firstByte`: from the sending to the head of the
 * answer. `transfer`: from there to its end. `late`: from when it was due to its sending. `wrong`: response time of what
 * was answered and failed a check. All of the measured time; all but the last of right answers alone, and `late` of all.
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
  /** null: each connection asks again as soon as it is answered. */
  readonly rate: {
    readonly stages: readonly RateStage[];
    readonly kind: ArrivalKind;
  } | null;
  readonly seed: number;
  /** Of all workers together; null: as many as fit into the time. */
  readonly requestCount: number | null;
  /** Of warm-up and measured time; null: until `requestCount` is reached. */
  readonly totalMs: number | null;
  readonly warmUpMs: number;
  readonly drainMs: number;
  /** This worker's share. */
  readonly connectionCount: number;
  /** Requests open at once on a connection. */
  readonly depth: number;
  /** Requests due and not answered that this worker may owe; one more is counted as unsent. */
  readonly maxOwed: number;
  readonly isKeepAlive: boolean;
  readonly transport: 'wire' | 'undici';
  readonly protocol: 'h1' | 'h2';
  /** Certificates in PEM that are trusted besides the usual, and whether any is. */
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
  /** Due while as many were owed as may be, and never sent. */
  'unsent',
  'answered',
  'right',
  'wrong',
  'failed',
  /** Sent and not answered when the time to wait for stragglers was over. */
  'unanswered',
  /** Asked and answered in the warm-up, and not right; in no other figure. */
  'warmUpAsked',
  'warmUpWrong',
  'inFlight',
  'waiting',
  'bytesReceived',
  'connectionsOpened',
  'connectionsClosed',
  /** Requests that were due and found no connection free. */
  'noneFree',
  'eluActiveMs',
  'eluIdleMs',
  'cpuUserUs',
  'cpuSystemUs',
  /** Time in which the thread could have run and had no core. */
  'runDelayMs',
  'surplusAnswers',
  'firstSentAtMs',
  'lastAnsweredAtMs',
] as const;
export type LoadField = (typeof LOAD_FIELDS)[number];
