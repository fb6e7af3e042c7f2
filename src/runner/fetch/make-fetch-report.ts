// The final account of a fetch, drawn up once its workers have ended.

import { sumTallies } from '../../measure/tally.ts';
import type { SpillwayError } from '../../model/errors.ts';
import type { FetchReport } from '../../model/fetch-report.ts';
import { readKnee } from '../../model/shared/origin-fields.ts';
import type { RunFigures } from './fetch-snapshot.ts';
import type { FetchWorkerGroup } from './worker-group/fetch-worker-group.ts';

/** Origins whose knees the report shows. */
const MAX_KNEES = 20;

export interface RunEnd {
  readonly ended: FetchReport['ended'];
  readonly problem: SpillwayError | null;
  readonly cpuUs: FetchReport['cpuUs'];
  readonly peakRssBytes: number;
}

export function makeFetchReport(figures: RunFigures, end: RunEnd): FetchReport {
  const { account, targetStream, workerGroup, monitor, targets } = figures;
  const tally = sumTallies(workerGroup?.tallies ?? []);
  const unsettled = targets - account.settled;
  const stopped = (account.skips.stopped ?? 0) + unsettled;
  const { p50Ms, p90Ms, p99Ms, maxMs } = account.durations.percentiles();
  return {
    ended: end.ended,
    problem: end.problem?.message ?? null,
    problemCode: end.problem?.code ?? null,
    before: figures.before,
    settledNow: account.settledNow,
    targets,
    ok: account.ok,
    failed: account.failed,
    skipped: account.skipped + unsettled,
    wallMs: figures.elapsedMs,
    bytes: account.bytes,
    storedBytes: account.storedBytes,
    renamed: account.renamed,
    attemptsSent: tally.attemptsSent,
    retries: workerGroup?.gauge('retries') ?? 0,
    retriesDenied: workerGroup?.gauge('retriesDenied') ?? 0,
    connectionsOpened: tally.connectionsOpened,
    inFlightPeak: tally.inFlightPeak,
    peakRssBytes: end.peakRssBytes,
    cpuUs: end.cpuUs,
    failures: account.failures,
    skips: { ...account.skips, ...(stopped > 0 ? { stopped } : {}) },
    statuses: account.statuses,
    firstFailures: account.firstFailures,
    duplicates: targetStream.duplicates,
    durationMs: { p50: p50Ms, p90: p90Ms, p99: p99Ms, max: maxMs },
    ...(targetStream.lists.length === 0 ? {} : { lists: targetStream.lists }),
    findings: [
      ...targetStream.findings(),
      ...monitor.findings(),
      ...bodyFindings(figures),
      ...strayFindings(workerGroup?.strays ?? []),
    ],
    workerDeaths: workerGroup?.deaths ?? [],
    ...findKnees(figures),
    ...(workerGroup === null ? {} : nameAccount(workerGroup)),
  };
}

/** The knees of the origins that answered most. */
function findKnees({ account, origins }: RunFigures): Pick<FetchReport, 'knees'> {
  if (origins === null) return {};
  const found = account.busiestOrigins(MAX_KNEES).map((origin) => readKnee(origins, origin));
  return { knees: found.filter((knee) => knee !== null) };
}

function strayFindings(strays: readonly string[]): string[] {
  const [first] = strays;
  if (first === undefined) return [];
  return [
    `${strays.length} errors were thrown on behalf of no target that could be told, and the run went on; please report the first: ${first}`,
  ];
}

/** Bodies that were begun and could not be continued. */
function bodyFindings({ workerGroup }: RunFigures): string[] {
  const changed = workerGroup?.gauge('changedBodies') ?? 0;
  const unfit = workerGroup?.gauge('unfitRests') ?? 0;
  const findings: string[] = [];
  if (changed > 0) {
    findings.push(
      `${changed} bodies had changed at their server when their rest was asked for, and were begun anew`,
    );
  }
  if (unfit > 0) {
    findings.push(
      `${unfit} bodies were begun anew: what was answered did not fit the rest that was asked for, and none of it was kept`,
    );
  }
  return findings;
}

function nameAccount(workerGroup: FetchWorkerGroup): Pick<FetchReport, 'names'> {
  const [hits, found, unknown, failed, timedOut] = [
    workerGroup.gauge('nameHits'),
    workerGroup.gauge('namesFound'),
    workerGroup.gauge('namesUnknown'),
    workerGroup.gauge('namesFailed'),
    workerGroup.gauge('namesTimedOut'),
  ];
  const lookups = found + unknown + failed + timedOut;
  if (lookups + hits === 0) return {};
  const { p50Ms, p99Ms } = workerGroup.nameTimes().percentiles();
  return { names: { lookups, hits, unknown, failed, timedOut, p50Ms, p99Ms } };
}
