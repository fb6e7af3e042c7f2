// What a fetch says of itself: progress now and the final account. Plain data; what is printed comes from here.

import type { BodiesInFlight, LargeBody } from './body/body-progress.ts';
import type { ErrorCode, FailureCode } from './errors.ts';
import type { OriginKnee } from './shared/origin-fields.ts';
import type { FailedOutcome, SkipReason } from './outcome.ts';

export interface FetchCounts {
  /** Taken from the sources so far: ok + failed + skipped + still under way. */
  readonly targets: number;
  readonly ok: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What earlier sessions of a run that goes on have settled; part of the counts. */
export interface FetchBefore {
  readonly settled: number;
  readonly ok: number;
  readonly bytes: number;
}

export interface OriginTime {
  readonly origin: string;
  readonly meanMs: number;
}

/** Bodies on their way. */
export interface BodiesOnTheirWay extends Omit<BodiesInFlight, 'large'> {
  /** The largest of them, largest first. */
  readonly large: readonly (LargeBody & { readonly url: string })[];
}

export interface FetchSnapshot extends FetchCounts {
  readonly before: FetchBefore;
  readonly elapsedMs: number;
  /** How many targets there will be; null while a source does not know. */
  readonly countAhead: number | null;
  readonly inFlight: number;
  /** Targets that wait for room at their origin. */
  readonly parked: number;
  readonly waitingRetry: number;
  readonly connections: number;
  /** Body bytes received. */
  readonly bytes: number;
  readonly failures: Partial<Record<FailureCode, number>>;
  /** The origin with the longest mean time to settle, of those with ten answers or more. */
  readonly slowestOrigin: OriginTime | null;
  /** That one and the next ones, slowest first. */
  readonly slowestOrigins?: readonly OriginTime[];
  /** Final answers by class, such as `2xx`. */
  readonly answers?: Readonly<Record<string, number>>;
  /** What holds the run back now, for a person. */
  readonly boundBy: string;
  /** Bytes of bodies that are whole, as kept, of all sessions. */
  readonly keptBytes?: number;
  readonly bodies?: BodiesOnTheirWay;
  /** Body bytes received a second of late; as `recentPerSec`. */
  readonly recentBytesPerSec?: number | null;
  /** Targets settled a second of late; null or left out when the run is too young to tell. */
  readonly recentPerSec?: number | null;
  /** What is waited for, where nothing has moved for some seconds. */
  readonly waits?: string | null;
}

/** What became of the records of a list: all but the skipped ones are targets or named lines. */
export interface ListCounts {
  readonly name: string;
  readonly records: number;
  /** Blank lines, comments, a header. */
  readonly skipped: number;
  readonly targets: number;
  /** Lines that are no target, each a failure of its own. */
  readonly named: number;
}

export interface FetchReport extends FetchCounts {
  /** `done`: every target is settled. `stopped`: drained or aborted. `broken`: see `problem`. */
  readonly ended: 'done' | 'stopped' | 'broken';
  readonly problem: string | null;
  /** null without a problem. */
  readonly problemCode: ErrorCode | null;
  readonly before: FetchBefore;
  /** Outcomes of this session, those of targets that had one before included. */
  readonly settledNow: number;
  readonly wallMs: number;
  readonly bytes: number;
  readonly storedBytes: number;
  /** Bodies that did not get the name they asked for, because it was taken. */
  readonly renamed: number;
  readonly attemptsSent: number;
  readonly retries: number;
  readonly retriesDenied: number;
  readonly connectionsOpened: number;
  readonly inFlightPeak: number;
  readonly peakRssBytes: number;
  readonly cpuUs: { readonly user: number; readonly system: number };
  readonly failures: Partial<Record<FailureCode, number>>;
  /** Failures of `http-status` that this session had, by status; left out by an older version. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly skips: Partial<Record<SkipReason, number>>;
  /** The first few of each class. */
  readonly firstFailures: readonly FailedOutcome[];
  /**
   * Targets that were in the list before: fetched again, or skipped with dedupe. The least there can be where a finding
   * says that not all were remembered.
   */
  readonly duplicates: number;
  /** From first attempt to settled, in milliseconds; null without an answer. */
  readonly durationMs: {
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /** Of each list that was read to its end; left out where there was none. */
  readonly lists?: readonly ListCounts[];
  /** What sources and run noticed, one line each. */
  readonly findings: readonly string[];
  readonly workerDeaths: readonly string[];
  /** How many requests the busiest origins were found to serve best, at most 20; left out with fixed budgets. */
  readonly knees?: readonly OriginKnee[];
  /** How names became addresses; left out where none was wanted. */
  readonly names?: NameAccount;
}

/** Of this session; a name counts again when its time is over. */
export interface NameAccount {
  /** Names that a name server was asked for. */
  readonly lookups: number;
  /** Names that were known: by then, or because another thread had asked. */
  readonly hits: number;
  /** Of the lookups: names that do not exist, that servers failed at, and that none answered for in time. */
  readonly unknown: number;
  readonly failed: number;
  readonly timedOut: number;
  /** How long a lookup took, its wait for its turn counted in. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** True for a session that was found to be misuse before it asked for anything: the run stands as it stood. */
export function wasRefused({ problemCode, attemptsSent, settledNow }: FetchReport): boolean {
  return problemCode === 'ERR_OPTION' && attemptsSent === 0 && settledNow === 0;
}
