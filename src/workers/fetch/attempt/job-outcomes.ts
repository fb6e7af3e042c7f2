// Makes the outcome of a job, as the rest of the program sees it. Pure: counts and sends nothing.

import { nowMs } from '../../../measure/clock.ts';
import type { FailedOutcome, Outcome, SkipReason } from '../../../model/outcome.ts';
import type { AttemptEnd, AttemptFailure } from './attempt-end.ts';
import type { FetchJob } from './fetch-job.ts';
import { oneLine } from '../../../model/one-line.ts';
import { withoutLogins } from '../../../model/shown-url.ts';
import type { Target } from '../../../model/target.ts';

const MAX_SHOWN_CHARACTERS = 2_000;

export function okOutcome(job: FetchJob, end: AttemptEnd & { kind: 'ok' }): Outcome {
  const { committed, wireBytes } = end;
  const outcome: Outcome = {
    kind: 'ok',
    index: job.target.index,
    line: job.target.line,
    url: job.shownUrl,
    status: job.status,
    bytes: committed.bytes,
    sha256: committed.sha256,
    wireBytes,
    attempts: job.attempts,
    durationMs: nowMs() - job.startedAtMs,
    stored: committed.stored,
    ...job.facts,
  };
  return job.hops === 0 ? outcome : { ...outcome, ...redirectedBy(job) };
}

export function failedOutcome(job: FetchJob, { code, detail }: AttemptFailure): Outcome {
  return {
    kind: 'failed',
    index: job.target.index,
    line: job.target.line,
    url: job.shownUrl,
    code,
    detail: oneLine(detail),
    status: job.status,
    attempts: job.attempts,
    durationMs: job.startedAtMs === 0 ? 0 : nowMs() - job.startedAtMs,
    ...redirectedBy(job),
  };
}

/** The outcome of a target that no job could be made of. */
export function lostOutcome({ index, line, url }: Target, { code, detail }: AttemptFailure): Outcome {
  const shown = withoutLogins(url.slice(0, MAX_SHOWN_CHARACTERS));
  return {
    kind: 'failed',
    index,
    line,
    url: shown,
    code,
    detail: oneLine(detail),
    status: 0,
    attempts: 0,
    durationMs: 0,
  };
}

export function skippedOutcome(job: FetchJob, reason: SkipReason): Outcome {
  const { index, line } = job.target;
  return { kind: 'skipped', index, line, url: job.shownUrl, reason };
}

function redirectedBy(job: FetchJob): Pick<FailedOutcome, 'finalUrl' | 'redirects'> {
  if (job.hops === 0) return {};
  const finalUrl = job.shownFinalUrl;
  return finalUrl === job.shownUrl ? { redirects: job.hops } : { finalUrl, redirects: job.hops };
}
