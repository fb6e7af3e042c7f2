// Decides what follows a failed attempt: another attempt, and when, or none. Keeps the budgets of retries and
// the pauses that servers ask for; knows no queue and no socket.

import { nowMs } from '../../measure/clock.ts';
import type { Tally } from '../../measure/tally.ts';
import { FAILURES } from '../../model/errors.ts';
import { type FetchLimits, GAUGES } from '../../model/fetch-task.ts';
import { isRetryable, retryDelayMs } from '../../model/retry-policy.ts';
import type { AttemptFailure } from './attempt/attempt-end.ts';
import type { FetchAttempt } from './attempt/fetch-attempt.ts';
import type { FetchJob } from './attempt/fetch-job.ts';
import type { OriginBudgets } from './origin/origin-budgets.ts';

/** How often a target may be put back because this machine ran out of something. */
const MAX_REFUNDS = 500;
const REFUND_DELAY_MS = 200;
/** Longest pause before a body is continued after an attempt that brought some of it. */
const CONTINUE_DELAY_MS = 100;
/** How often a target is asked for again because a kept connection ended before its answer. */
const MAX_STALE = 2;

export interface NextAttemptParts {
  readonly limits: FetchLimits;
  readonly budgets: OriginBudgets;
  /** How long an origin may be silent before its targets are given up; 0 for no limit. */
  readonly stallMs: number;
  readonly tally: Tally;
  readonly gauges: Float64Array;
  /** This machine ran out of something: fewer requests may be open at once. */
  onShrink(): void;
}

export class NextAttempt {
  readonly #parts: NextAttemptParts;

  constructor(parts: NextAttemptParts) {
    this.#parts = parts;
  }

  /**
   * Milliseconds until the next attempt at the job, which is made ready for it; null for no other attempt.
   * `at-the-end`: its origin has no retries left, and one more attempt is made when nothing else is left to
   * do.
   */
  delayAfterMs(attempt: FetchAttempt, end: AttemptFailure): number | null | 'at-the-end' {
    const { job, sentAtMs } = attempt;
    const { limits, budgets, tally, stallMs } = this.#parts;
    const policy = FAILURES[end.code];
    if (policy.handOver && !job.isHandedOver) {
      job.isHandedOver = true;
      return this.#repeat(job);
    }
    if (policy.shrink && job.refunds < MAX_REFUNDS) {
      this.#parts.onShrink();
      tally.add('shrinks', 1);
      job.refunds++;
      job.attempts--;
      job.rewind();
      return REFUND_DELAY_MS * Math.min(10, job.refunds) * (0.5 + Math.random());
    }
    this.#pause(job, sentAtMs, end.retryAfterMs);
    if (!isRetryable(end.code, job.status) || end.retryAfterMs > limits.maxRetryWaitMs) return null;
    const hasBrought = this.#hasBroughtBytes(attempt);
    if (hasBrought) job.renewedAtAttempts = job.attempts;
    const attempts = job.attempts - job.renewedAtAttempts;
    const delayMs = hasBrought
      ? end.retryAfterMs + CONTINUE_DELAY_MS * Math.random()
      : retryDelayMs(attempts, end.retryAfterMs, Math.random());
    if (job.status === 0 && stallMs > 0 && budgets.silentMs(job.originRow) > stallMs) return null;
    const isLast = attempts > limits.maxRetries || limits.maxRetries === 0;
    if (job.status === 0 && (isLast || budgets.wasDead(job.originRow))) budgets.giveUp(job.originRow);
    if (isLast) return null;
    // An attempt that brought bytes makes progress, so no retry budget bounds the next one.
    if (!hasBrought && !budgets.tryRetry(job.originRow)) {
      job.isPutOff = true;
      return 'at-the-end';
    }
    this.count('retries');
    tally.add('repeats', 1);
    job.rewind();
    return delayMs;
  }

  /**
   * Allows a repeat, because a server may end a kept connection at any moment. False: it has happened too
   * often to this job.
   */
  repeatsStale(job: FetchJob): boolean {
    if (job.staleCount >= MAX_STALE) return false;
    job.staleCount++;
    this.#repeat(job);
    return true;
  }

  /**
   * Repeats a job from the beginning of its body, because the part that is there is of no use. It happens to
   * no job twice.
   */
  repeatsAnew(job: FetchJob): void {
    this.count('unfitRests');
    this.#repeat(job);
  }

  /**
   * True where the attempt added to a body that can be continued, and not slower over the whole time than the
   * least speed asked for.
   */
  #hasBroughtBytes({ job, broughtBytes }: FetchAttempt): boolean {
    const { minBytesPerSec, slowWindowMs } = this.#parts.limits;
    if (job.kept === null || broughtBytes === 0) return false;
    const spentMs = nowMs() - job.startedAtMs;
    return spentMs <= slowWindowMs || job.kept.bytes * 1000 >= minBytesPerSec * spentMs;
  }

  /** Pauses the origin of a 429 or 503, which speak for the origin and not for one URL. */
  #pause({ status, originRow }: FetchJob, sentAtMs: number, retryAfterMs: number): void {
    const { budgets, limits } = this.#parts;
    if (status !== 429 && status !== 503) return;
    // No run waits longer than this; targets that are asked for nevertheless fail one by one.
    if (retryAfterMs > limits.maxRetryWaitMs) return;
    if (retryAfterMs > 0) budgets.pause(originRow, retryAfterMs);
    else if (status === 429) budgets.pauseByCount(originRow, sentAtMs, Math.random());
  }

  /** Repeats the same request at once, without counting an attempt. */
  #repeat(job: FetchJob): number {
    job.status = 0;
    if (job.hops === 0) job.attempts--;
    this.#parts.tally.add('repeats', 1);
    return 0;
  }

  /** Adds one to a gauge that the runner reads. */
  count(gauge: 'retries' | 'retriesDenied' | 'changedBodies' | 'unfitRests'): void {
    const { gauges } = this.#parts;
    gauges[GAUGES[gauge]] = (gauges[GAUGES[gauge]] as number) + 1;
  }
}
