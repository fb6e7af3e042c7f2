// What a worker is given to fetch a share of a list, and what goes back and forth while it does. Plain data, shared
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

/** What bounds the attempts of a fetch; 0 means no bound. */
export interface FetchLimits extends AttemptLimits {
  /** A body slower than this over `slowWindowMs` is given up. */
  readonly minBytesPerSec: number;
  readonly slowWindowMs: number;
  readonly maxRedirects: number;
  /** Retries at an origin for every first attempt there, beyond a fixed reserve. */
  readonly retryBudgetRatio: number;
  /** A server that asks for a longer pause is not waited for: the target fails at once. */
  readonly maxRetryWaitMs: number;
  /**
   * What gives nothing for so long is given up by the watchdog: an attempt, whatever its other limits, and an origin
   * that was asked. Never below the longest of the other limits of a phase. @default 0
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

/** How requests look and travel, the same for every target. */
export interface FetchRequestOptions {
  readonly userAgent: string;
  /**
   * Fields of the caller, sent to origins that he named: those of the targets as given and of a list API. Not across a
   * redirect to another, nor to other origins that a list API names.
   */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Fields of the caller for the pages of a list API alone, in place of those above with the same name. @default none */
  readonly listHeaders?: readonly (readonly [name: string, value: string])[];
  readonly logins: readonly HostLogin[];
  /** Take content codings off, or keep bodies as they were sent. */
  readonly bytes: 'decoded' | 'original';
  /** `auto`: the wire lane where no proxy is in the way, undici for the rest. */
  readonly transport: 'auto' | 'undici';
  /** HTTP/2 over TLS where a server speaks nothing else, and wherever undici carries a request. */
  readonly allowsHttp2: boolean;
  /** HTTP/2 over TLS wherever the server offers it. @default false */
  readonly prefersHttp2?: boolean;
  /** Certificates in PEM that are trusted besides the usual; null for none. */
  readonly ca: string | null;
  /** Accept any certificate. */
  readonly isInsecure: boolean;
  /** Proxies for http and https targets, and hosts reached without; '' for none. */
  readonly proxy: { readonly http: string; readonly https: string; readonly except: string };
  /** Fetch nothing that the origin's robots.txt disallows. @default false */
  readonly honoursRobots?: boolean;
  /**
   * Go on with a body that was cut though nothing says that it is still the same: its length alone must fit.
   * @default false
   */
  readonly continuesWithoutValidator?: boolean;
  /** Let a public origin redirect to loopback, private and other addresses of special use. @default false */
  readonly allowsPrivateRedirects?: boolean;
  /** Addresses of special use, as CIDR ranges, that count as public all the same. @default none */
  readonly publicRanges?: readonly string[];
  /** How names become addresses. @default `DEFAULT_NAME_OPTIONS` */
  readonly names?: NameOptions;
}

/** Budgets that hold over all workers together; 0 means no bound. */
export interface FetchBudgets {
  readonly maxPerOrigin: number;
  /** Somebody asked for that number. @default false */
  readonly isPerOriginGiven?: boolean;
  /** Find how many requests each origin serves best, up to `maxPerOrigin`. @default false: so many from the start */
  readonly isAdaptive?: boolean;
  readonly maxAttemptsPerSec: number;
  readonly maxBytesPerSec: number;
}

/** Memory all workers of a run share. */
export interface FetchShared {
  /** Rates of the run: `workers/fetch/origin/run-rates`. */
  readonly rates: SharedArrayBuffer;
  /** What is known of each origin: `model/shared/origin-fields`. */
  readonly origins: SharedArrayBuffer;
  /** Names and their addresses: `names/name-cache`. */
  readonly names: SharedArrayBuffer;
  /** `nowMs` that times in both count from. */
  readonly epochMs: number;
}

/** Two 64-bit clocks. */
const RATES_BYTES = 16;

/** @param targetCount targets that are under way at once, over all workers */
export function makeFetchShared(targetCount: number, epochMs: number): FetchShared {
  return {
    rates: new SharedArrayBuffer(RATES_BYTES),
    origins: makeOrigins(targetCount),
    names: makeNames(),
    epochMs,
  };
}

/** What the decoders of all workers of a run may hold together. */
export const DECODERS_BYTES = 256 * 2 ** 20;

export interface FetchTask {
  readonly workerIndex: number;
  /** Targets come in and outcomes go out here. */
  readonly port: MessagePort;
  readonly sink: AnySinkSpec;
  readonly request: FetchRequestOptions;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  /** This worker's share of `DECODERS_BYTES`. @default all of it */
  readonly decoderBytes?: number;
  /**
   * This worker's share of the run's slots: requests that are open, and those whose outcome is not recorded yet. It is
   * the most that is asked for again when the process dies.
   */
  readonly maxInFlight: number;
  readonly shared: FetchShared;
  /** This worker's counters (`measure/tally`) and gauges (`GAUGES`). */
  readonly tally: SharedArrayBuffer;
  readonly gauges: SharedArrayBuffer;
  /** Connections that files allow it, idle ones counted in. @default no bound */
  readonly maxConnections?: number;
  /** Names that it asks for at once, its share of those of the run. */
  readonly maxNames: number;
  /** How long names took that a server was asked for (`measure/histogram`). */
  readonly nameTimes: SharedArrayBuffer;
  /** How far its large bodies have come (`body/body-progress`). */
  readonly bodyProgress: SharedArrayBuffer;
  /** What it has at each origin (`makeOwnRows`): the runner gives it back when its thread dies. */
  readonly ownRows: SharedArrayBuffer;
  /** `maxInFlight` Float64 fields: index and 1 of each target that is in flight, else 0; what may have killed the thread. */
  readonly inFlight: SharedArrayBuffer;
}

/** Float64 fields that a worker keeps up to date and the runner reads. */
export const GAUGES = {
  /** Targets that wait for room at their origin. */
  parked: 0,
  /** Targets that wait for their next attempt. */
  waitingRetry: 1,
  /** Parked targets whose origin asked for a pause. */
  paused: 2,
  /** Requests held back by the rate of the run since it began. */
  rateWaits: 3,
  /** Retries that were not made, at the end neither, because the budget of their origin was used up. */
  retriesDenied: 4,
  retries: 5,
  /** Share of time the event loop was busy, 0 … 1. */
  utilizationRatio: 6,
  /** Bodies that were begun and were others at their server when their rest was asked for. */
  changedBodies: 7,
  /** Bodies that were begun anew because an answer did not fit the rest that was asked for. */
  unfitRests: 8,
  /** Targets under way at origins that have not answered yet, and do not. */
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

/** To a worker. `stop`: take nothing more; with `isCut`, also let go of what is in flight. */
export type ToFetchWorker =
  | { readonly kind: 'targets'; readonly targets: readonly Target[] }
  /** So many of its targets are wanted back, if it has not begun them: `given-back` answers. */
  | { readonly kind: 'give-back'; readonly count: number }
  | { readonly kind: 'end' }
  /** So many more of its outcomes are recorded: their slots are free. */
  | { readonly kind: 'recorded'; readonly count: number }
  /** What it asked for; `fetch-robots`: it is to fetch that itself, for all. */
  | { readonly kind: 'robots'; readonly answer: RobotsAnswer }
  | { readonly kind: 'fetch-robots'; readonly origin: string }
  | { readonly kind: 'stop'; readonly isCut: boolean };

/** From a worker. `broken`: its sink gave up, and it has stopped by itself. */
export type FromFetchWorker =
  /** Its code is loaded, and it takes targets. */
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'settled';
      readonly outcomes: readonly Outcome[];
      /** What the sink made of each body, in the same order; absent where it made nothing. */
      readonly values?: readonly unknown[];
    }
  /** It will not see to these targets. `isAll`: whatever else it was given is begun. */
  | { readonly kind: 'given-back'; readonly indexes: readonly number[]; readonly isAll: boolean }
  /** The body of a target is on its way, and what it takes to go on with it after the death of the process. */
  | { readonly kind: 'partial'; readonly index: number; readonly partial: PartialBody }
  /** What it waits for where nothing moves; null when things move again. */
  | { readonly kind: 'waits'; readonly text: string | null }
  /** It wants to know the robots.txt of an origin, or was sent for it. */
  | { readonly kind: 'robots'; readonly origin: string }
  | { readonly kind: 'robots-found'; readonly answer: RobotsAnswer }
  /** Something was thrown that belongs to no target; the worker goes on. */
  | { readonly kind: 'stray'; readonly text: string }
  | { readonly kind: 'broken'; readonly code: ErrorCode; readonly message: string };
