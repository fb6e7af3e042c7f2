// The final account of a fetch for a person. Pure; text of servers and lists is made harmless to a terminal
// first.

import type { FetchReport, NameAccount } from '../model/fetch-report.ts';
import { formatCount, formatMs, formatRate, formatSize } from './format-numbers.ts';
import { outOfLines } from './out-of-lines.ts';
import { printable } from './printable.ts';

const MAX_KNEE_LINES = 5;
const MAX_STATUSES = 6;

export interface AccountPaths {
  /** Where the bodies are. */
  readonly bodies: string;
  readonly failures: string;
  /** The name of the run, as a person uses it; null when no record of the run is kept. */
  readonly run: string | null;
}

/** The lines of the final account. */
export function fetchAccountLines(report: FetchReport, paths: AccountPaths): string[] {
  const { targets, ok, failed, skipped, wallMs, bytes, retries, attemptsSent, before } = report;
  const perSec = (amount: number) => (amount * 1000) / Math.max(wallMs, 1);
  const lines = [
    `${formatCount(targets)} targets = ${formatCount(ok)} ok + ${formatCount(failed)} failed + ${formatCount(skipped)} skipped, in ${formatMs(wallMs)}: ${formatRate(perSec(Math.max(0, ok - before.ok)))}, ${formatSize(bytes)}, ${formatSize(perSec(Math.max(0, bytes - before.bytes)))}/s`,
    ...(before.settled === 0
      ? []
      : [
          `of these, ${formatCount(before.settled)} were settled before this session; times and speeds are its own`,
        ]),
    `requests ${formatCount(attemptsSent)} · retries ${formatCount(retries)} · connections ${formatCount(report.connectionsOpened)} · in flight at most ${formatCount(report.inFlightPeak)}`,
  ];
  for (const { name, records, skipped, targets: listed, named } of report.lists ?? []) {
    const parts = [`${formatCount(listed)} targets`, `${formatCount(named)} named lines`];
    if (skipped > 0) parts.push(`${formatCount(skipped)} blank lines, comments and headers`);
    lines.push(`read ${formatCount(records)} records of ${printable(name)} = ${parts.join(' + ')}`);
  }
  const { p50, p90, p99, max } = report.durationMs;
  if (p50 !== null && p90 !== null && p99 !== null && max !== null) {
    lines.push(
      `a target took p50 ${formatMs(p50)} · p90 ${formatMs(p90)} · p99 ${formatMs(p99)} · at most ${formatMs(max)}`,
    );
  }
  if (report.names !== undefined) lines.push(namesLine(report.names));
  lines.push(`bodies: ${printable(paths.bodies)}`);
  if (report.renamed > 0)
    lines.push(
      `${formatCount(report.renamed)} names were taken: those bodies have the target's number in theirs`,
    );
  for (const [reason, count] of Object.entries(report.skips))
    lines.push(`skipped, ${reason}: ${formatCount(count)}`);
  lines.push(...failureLines(report, paths));
  if (report.retriesDenied > 0)
    lines.push(
      `${formatCount(report.retriesDenied)} retries were not made: the retry budgets of their origins were used up (--retry-budget)`,
    );
  if (report.workerDeaths.length > 0)
    lines.push(`${report.workerDeaths.length} worker threads died and were replaced`);
  lines.push(...report.findings.map(printable), ...kneeLines(report));
  if (report.ended === 'stopped') lines.push('stopped before the end: what is not settled was skipped');
  if (report.problem !== null) lines.push(`broken: ${printable(report.problem)}`);
  if (paths.run !== null) lines.push(...nextSteps(report, paths.run));
  return lines;
}

function namesLine({ lookups, hits, unknown, failed, timedOut, p50Ms, p99Ms }: NameAccount): string {
  const kinds = [
    [unknown, 'do not exist'],
    [failed, 'failed at the name servers'],
    [timedOut, 'had no answer in time'],
  ] as const;
  const told = kinds
    .filter(([count]) => count > 0)
    .map(([count, words]) => ` · ${formatCount(count)} ${words}`);
  const times = p50Ms === null || p99Ms === null ? '' : ` in p50 ${formatMs(p50Ms)}, p99 ${formatMs(p99Ms)}`;
  return `names asked for ${formatCount(lookups)}${times} · known ${formatCount(hits)}${told.join('')}`;
}

/** What a person can do with the run next. */
function nextSteps(report: FetchReport, run: string): string[] {
  const shownRun = /^[\w./-]+$/u.test(run) ? run : `'${printable(run).replaceAll("'", "'\\''")}'`;
  const { ended, settledNow, before, targets, failed } = report;
  if (ended !== 'done') return [`go on: spillway resume ${shownRun}, or the same command again`];
  const isOld = settledNow === 0 && before.settled === targets && targets > 0;
  return [
    ...(isOld ? [alreadySettled(report, shownRun)] : []),
    ...(failed > 0 ? [`fetch what failed again: spillway retry ${shownRun}`] : []),
  ];
}

function alreadySettled({ ok, targets, failed }: FetchReport, shownRun: string): string {
  if (failed > 0) return `every target was settled before: nothing was asked`;
  return `already complete: ${formatCount(ok)} of ${formatCount(targets)}, nothing was asked; spillway verify ${shownRun} reads all again`;
}

/** The windows that were found for origins, for those that answered most. */
function kneeLines(report: FetchReport): string[] {
  // Without answers there is no window that served best.
  const knees = (report.knees ?? []).filter(({ perSec }) => perSec >= 0.5);
  const lines = knees.slice(0, MAX_KNEE_LINES).map(({ origin, window, perSec, ceiling }) => {
    const refused = ceiling === null ? '' : ', more were refused';
    return `${printable(origin)} served best with ${formatCount(window)} requests at once: ${formatRate(perSec)}${refused}`;
  });
  const more = knees.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more origins: see knees in the account as JSON`] : lines;
}

function failureLines(report: FetchReport, paths: AccountPaths): string[] {
  if (report.failed === 0) return [];
  const lines: string[] = [];
  for (const [code, count] of Object.entries(report.failures)) {
    lines.push(`failed, ${code}: ${formatCount(count)}${code === 'http-status' ? statusesText(report) : ''}`);
    for (const failure of report.firstFailures.filter((each) => each.code === code)) {
      const line = failure.line > 0 ? ` (line ${failure.line})` : '';
      lines.push(`  ${printable(failure.url)}${line}: ${printable(failure.detail)}`);
    }
  }
  if (report.firstFailures.some(isUntrusted))
    lines.push('a certificate of an authority of your own is trusted with --ca FILE');
  lines.push(...outOfLines(report.failures));
  return paths.failures === '' ? lines : [...lines, `all failures: ${paths.failures}`];
}

/**
 * Text such as ` (404: 10, 503: 2)`, most frequent first. Failures of an earlier session are known only by
 * class.
 */
function statusesText({ statuses = {}, failures }: FetchReport): string {
  const sorted = Object.entries(statuses).toSorted(([, a], [, b]) => b - a);
  const parts = sorted.slice(0, MAX_STATUSES).map(([status, count]) => `${status}: ${formatCount(count)}`);
  const named = sorted.slice(0, MAX_STATUSES).reduce((sum, [, count]) => sum + count, 0);
  const left = (failures['http-status'] ?? 0) - named;
  if (parts.length > 0 && left > 0) parts.push(`others and earlier ones: ${formatCount(left)}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/**
 * True when a certificate was refused because its authority is not trusted; a wrong name or date is another
 * matter.
 */
function isUntrusted({ code, detail }: FetchReport['firstFailures'][number]): boolean {
  return code === 'tls' && /self.signed|(?:unable to|cannot) (?:verify|get)|issuer|UNABLE_TO/iu.test(detail);
}
