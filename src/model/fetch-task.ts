// What a worker gets to fetch its share of a list, and the messages exchanged meanwhile. Plain data, shared
// memory and one port; no class, no function.

import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from './errors.ts';
import type { AttemptLimits } from './messages.ts';
import { makeNames, type NameOptions } from './name-options.ts';
import { makeOrigins } from './shared/origin-fields.ts';
import type { Outcome } from './outcome.ts';
import type { PartialBody } from './body/partial-body.ts';
import type { RobotsAnswer } from './robots.ts';
import type { AnySinkSpec } from './sink-spec.ts';
import type { Target } from './target.ts';

/** The limits of attempts in a fetch; 0 means no limit. */
export interface FetchLimits extends AttemptLimits {
  /** A body slower than this over `slowWindowMs` is aborted. */
  readonly minBytesPerSec: number;
  readonly slowWindowMs: number;
  readonly maxRedirects: number;
  /** Retries allowed at an origin for each first attempt there, beyond a fixed reserve. */
  readonly retryBudgetRatio: number;
  /** When a server asks for a longer pause, the target fails at once. */
  readonly maxRetryWaitMs: number;
  /**
   * The watchdog gives up an attempt, or an origin that was asked, when it sends nothing for this long,
   * whatever the other limits. Never below the longest of the other limits of a phase. @default 0
   */
  readonly stallMs?: number;
}

/** Login for a host, from a netrc file. */
export interface HostLogin {
  /** Host name without a port; '' for the default entry. */
  readonly host: string;
  readonly login: string;
  readonly password: string;
}

/** How requests look and are sent; the same for every target. */
export interface FetchRequestOptions {
  readonly userAgent: string;
  /**
   * The caller's fields, sent to origins that the caller named: those of the targets and of a list API. Not
   * sent across a redirect to another origin, nor to other origins that a list API names.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /**
   * The caller's fields only for pages of a list API; they replace those above with the same name. @default none
   */
  readonly listHeaders?: readonly (readonly [name: string, value: string])[];
  readonly logins: readonly HostLogin[];
  /** Decode content codings, or keep bodies as they were sent. */
  readonly bytes: 'decoded' | 'original';
  /** `auto`: the wire lane when there is no proxy, undici for the rest. */
  readonly transport: 'auto' | 'undici';
  /** HTTP/2 over TLS when a server speaks nothing else, and wherever undici sends a request. */
  readonly allowsHttp2: boolean;
  /** HTTP/2 over TLS wherever the server offers it. @default false */
  readonly prefersHttp2?: boolean;
  /** Certificates in PEM that are trusted in addition to the usual ones; null for none. */
  readonly ca: string | null;
  /** Accept any certificate. */
  readonly isInsecure: boolean;
  /** Proxies for http and https targets, and the hosts that are reached without one; '' for none. */
  readonly proxy: { readonly http: string; readonly https: string; readonly except: string };
  /** Fetch nothing that the origin's robots.txt disallows. @default false */
  readonly honoursRobots?: boolean;
  /**
   * Continue a body that was cut even if nothing shows that it is unchanged: only its length must fit.
   * @default false
   */
  readonly continuesWithoutValidator?: boolean;
  /** Let a public origin redirect to loopback, private and other special-use addresses. @default false */
  readonly allowsPrivateRedirects?: boolean;
  /** Special-use addresses, as CIDR ranges, that count as public. @default none */
  readonly publicRanges?: readonly string[];
  /** How names are resolved. @default `DEFAULT_NAME_OPTIONS` */
  readonly names?: NameOptions;
}

/** Budgets over all workers together; 0 means no limit. */
export interface FetchBudgets {
  readonly maxPerOrigin: number;
  /** True when the caller chose the number. @default false */
  readonly isPerOriginGiven?: boolean;
  /**
   * Find how many requests each origin serves best, up to `maxPerOrigin`. @default false: `maxPerOrigin` from
   * the start
   */
  readonly isAdaptive?: boolean;
  readonly maxAttemptsPerSec: number;
  readonly maxBytesPerSec: number;
}

/** Memory that all workers of a run share. */
export interface FetchShared {
  /** Rates of the run: `workers/fetch/origin/run-rates`. */
  readonly rates: SharedArrayBuffer;
  /** What is known of each origin: `model/shared/origin-fields`. */
  readonly origins: SharedArrayBuffer;
  /** Names and their addresses: `names/name-cache`. */
  readonly names: SharedArrayBuffer;
  /** The `nowMs` at which times in both start. */
  readonly epochMs: number;
}

/** Two 64-bit clocks. */
const RATES_BYTES = 16;

/** @param targetCount the most targets in progress at once, over all workers */
export function makeFetchShared(targetCount: number, epochMs: number): FetchShared {
  return {
    rates: new SharedArrayBuffer(RATES_BYTES),
    origins: makeOrigins(targetCount),
    names: makeNames(),
    epochMs,
  };
}

/** The most memory that the decoders of all workers of a run may hold together. */
export const DECODERS_BYTES = 256 * 2 ** 20;

export interface FetchTask {
  readonly workerIndex: number;
  /** Targets arrive and outcomes leave through this port. */
  readonly port: MessagePort;
  readonly sink: AnySinkSpec;
  readonly request: FetchRequestOptions;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  /** This worker's share of `DECODERS_BYTES`. @default all of it */
  readonly decoderBytes?: number;
  /**
   * This worker's share of the run's slots: requests that are open, and those whose outcome is not recorded
   * yet. At most this many are requested again when the process dies.
   */
  readonly maxInFlight: number;
  readonly shared: FetchShared;
  /** This worker's counters (`measure/tally`) and gauges (`GAUGES`). */
  readonly tally: SharedArrayBuffer;
  readonly gauges: SharedArrayBuffer;
  /** The most connections that the limit of open files allows it, including idle ones. @default no limit */
  readonly maxConnections?: number;
  /** How many names it looks up at once: its share of the run's. */
  readonly maxNames: number;
  /** How long lookups at a name server took (`measure/histogram`). */
  readonly nameTimes: SharedArrayBuffer;
  /** Progress of its large bodies (`body/body-progress`). */
  readonly bodyProgress: SharedArrayBuffer;
  /** What it has at each origin (`makeOwnRows`): the runner gives it back when its thread dies. */
  readonly ownRows: SharedArrayBuffer;
  /**
   * `maxInFlight` Float64 fields: index plus 1 of each target in flight, else 0. Shows what may have killed
   * the thread.
   */
  readonly inFlight: SharedArrayBuffer;
}

/** Float64 fields that a worker updates and the runner reads. */
export const GAUGES = {
  /** Targets that wait for a free place at their origin. */
  parked: 0,
  /** Targets that wait for their next attempt. */
  waitingRetry: 1,
  /** Parked targets whose origin asked for a pause. */
  paused: 2,
  /** Requests delayed by the rate of the run since it began. */
  rateWaits: 3,
  /** Retries that were never made, because the retry budget of their origin was used up. */
  retriesDenied: 4,
  retries: 5,
  /** Share of time the event loop was busy, 0 … 1. */
  utilizationRatio: 6,
  /** Bodies that had changed at the server when their rest was requested. */
  changedBodies: 7,
  /** Bodies that were started again because the answer did not fit the rest that was requested. */
  unfitRests: 8,
  /** Targets in progress at origins that have not answered so far. */
  doubtful: 15,
  /** Requests that wait for the addresses of their host. */
  naming: 9,
  /** Names by how they were found: `NameKind`. */
  nameHits: 10,
  namesFound: 11,
  namesUnknown: 12,
  namesFailed: 13,
  namesTimedOut: 14,
  fieldCount: 16,
} as const;

/** Messages to a worker. `stop`: take nothing more; with `isAborted`, also abort what is in flight. */
export type ToFetchWorker =
  | { readonly kind: 'targets'; readonly targets: readonly Target[] }
  /** Give back up to this many targets that are not begun: `given-back` answers. */
  | { readonly kind: 'give-back'; readonly count: number }
  | { readonly kind: 'end' }
  /** This many more outcomes are recorded: their slots are free. */
  | { readonly kind: 'recorded'; readonly count: number }
  /** The answer to its question; `fetch-robots`: it must fetch the file itself, for all workers. */
  | { readonly kind: 'robots'; readonly answer: RobotsAnswer }
  | { readonly kind: 'fetch-robots'; readonly origin: string }
  | { readonly kind: 'stop'; readonly isAborted: boolean };

/** Messages from a worker. `broken`: its sink failed, and it has stopped by itself. */
export type FromFetchWorker =
  /** Its code is loaded, and it accepts targets. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'settled';
      readonly outcomes: readonly Outcome[];
      /** What the sink returned for each body, in the same order; absent when it returned nothing. */
      readonly values?: readonly unknown[];
    }
  /** It gives these targets back unbegun. `isAll`: everything else it was given is begun. */
  | { readonly kind: 'given-back'; readonly indexes: readonly number[]; readonly isAll: boolean }
  /** The body of a target is in flight, with what is needed to continue it after the process dies. */
  | { readonly kind: 'partial'; readonly index: number; readonly partial: PartialBody }
  /** What it waits for while nothing moves; null when things move again. */
  | { readonly kind: 'waits'; readonly text: string | null }
  /** It needs the robots.txt of an origin, or was told to fetch it. */
  | { readonly kind: 'robots'; readonly origin: string }
  | { readonly kind: 'robots-found'; readonly answer: RobotsAnswer }
  /** Something was thrown that belongs to no target; the worker continues. */
  | { readonly kind: 'stray'; readonly text: string }
  | { readonly kind: 'broken'; readonly code: ErrorCode; readonly message: string };
