// What a fetch reports: its progress and its final account. Plain data; all printed text is made from it.

import type { BodiesInFlight, LargeBody } from './body/body-progress.ts';
import type { ErrorCode, FailureCode } from './errors.ts';
import type { OriginKnee } from './shared/origin-fields.ts';
import type { FailedOutcome, SkipReason } from './outcome.ts';

export interface FetchCounts {
  /** Taken from the sources so far: ok + failed + skipped + still in progress. */
  readonly targets: number;
  readonly ok: number;
  readonly failed: number;
  readonly skipped: number;
}

/** What earlier sessions of a continued run have settled; included in the counts. */
export interface FetchBefore {
  readonly settled: number;
  readonly ok: number;
  readonly bytes: number;
}

export interface OriginTime {
  readonly origin: string;
  readonly meanMs: number;
}

/** Bodies in flight. */
export interface BodiesOnTheirWay extends Omit<BodiesInFlight, 'large'> {
  /** The largest bodies, largest first. */
  readonly large: readonly (LargeBody & { readonly url: string })[];
}

export interface FetchSnapshot extends FetchCounts {
  readonly before: FetchBefore;
  readonly elapsedMs: number;
  /** How many targets there will be; null while a source does not know. */
  readonly countAhead: number | null;
  readonly inFlight: number;
  /** Targets that wait for a free place at their origin. */
  readonly parked: number;
  readonly waitingRetry: number;
  readonly connections: number;
  /** Body bytes received. */
  readonly bytes: number;
  readonly failures: Partial<Record<FailureCode, number>>;
  /** The origin with the longest mean time to settle, among those with ten answers or more. */
  readonly slowestOrigin: OriginTime | null;
  /** The slowest origins, `slowestOrigin` first. */
  readonly slowestOrigins?: readonly OriginTime[];
  /** Final answers by class, such as `2xx`. */
  readonly answers?: Readonly<Record<string, number>>;
  /** What limits the run now, as text for a person. */
  readonly boundBy: string;
  /** Bytes of complete bodies, as kept, over all sessions. */
  readonly keptBytes?: number;
  readonly bodies?: BodiesOnTheirWay;
  /** Body bytes received a second recently; like `recentPerSec`. */
  readonly recentBytesPerSec?: number | null;
  /** Targets settled a second recently; null or absent when the run is too young to tell. */
  readonly recentPerSec?: number | null;
  /** What the run is waiting for, when nothing has moved for some seconds. */
  readonly waits?: string | null;
}

/** What the records of a list became: all except the skipped ones are targets or named lines. */
export interface ListCounts {
  readonly name: string;
  readonly records: number;
  /** Blank lines, comments, a header. */
  readonly skipped: number;
  readonly targets: number;
  /** Lines that are not targets; each is a failure of its own. */
  readonly named: number;
}

export interface FetchReport extends FetchCounts {
  /** `done`: every target is settled. `stopped`: drained or aborted. `broken`: see `problem`. */
  readonly ended: 'done' | 'stopped' | 'broken';
  readonly problem: string | null;
  /** null without a problem. */
  readonly problemCode: ErrorCode | null;
  readonly before: FetchBefore;
  /** Outcomes of this session, including those of targets that already had one. */
  readonly settledNow: number;
  readonly wallMs: number;
  readonly bytes: number;
  readonly storedBytes: number;
  /** Bodies whose file name was taken, so that they got another one. */
  readonly renamed: number;
  readonly attemptsSent: number;
  readonly retries: number;
  readonly retriesDenied: number;
  readonly connectionsOpened: number;
  readonly inFlightPeak: number;
  readonly peakRssBytes: number;
  readonly cpuUs: { readonly user: number; readonly system: number };
  readonly failures: Partial<Record<FailureCode, number>>;
  /** Failures of `http-status` in this session, by status; absent in older versions. */
  readonly statuses?: Readonly<Record<string, number>>;
  readonly skips: Partial<Record<SkipReason, number>>;
  /** The first few of each class. */
  readonly firstFailures: readonly FailedOutcome[];
  /**
   * Targets that were in the list before: fetched again, or skipped with dedupe. A lower bound when a finding
   * says that not all targets were remembered.
   */
  readonly duplicates: number;
  /** Time from first attempt to settled, in milliseconds; null without an answer. */
  readonly durationMs: {
    readonly p50: number | null;
    readonly p90: number | null;
    readonly p99: number | null;
    readonly max: number | null;
  };
  /** For each list that was read to its end; absent when there was none. */
  readonly lists?: readonly ListCounts[];
  /** What the sources and the run noticed, one line each. */
  readonly findings: readonly string[];
  readonly workerDeaths: readonly string[];
  /** How many requests the busiest origins served best with, at most 20 origins; absent with fixed budgets. */
  readonly knees?: readonly OriginKnee[];
  /** How names were resolved; absent when no name was needed. */
  readonly names?: NameAccount;
}

/** Counts of this session; a name counts again after its record has expired. */
export interface NameAccount {
  /** Names that were looked up at a name server. */
  readonly lookups: number;
  /** Names that were known already, or that another thread had just looked up. */
  readonly hits: number;
  /**
   * Of the lookups: names that do not exist, names at which servers failed, and names without an answer in time.
   */
  readonly unknown: number;
  readonly failed: number;
  readonly timedOut: number;
  /** How long a lookup took, including the wait for its turn. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** True for a session that was rejected as misuse before it sent anything: the run is unchanged. */
export function wasRefused({ problemCode, attemptsSent, settledNow }: FetchReport): boolean {
  return problemCode === 'ERR_OPTION' && attemptsSent === 0 && settledNow === 0;
}
