// Counts what became of the targets, in memory that does not grow with the list.

import { Histogram } from '../../measure/histogram.ts';
import type { FailureCode } from '../../model/errors.ts';
import type { JournalCounts } from '../../model/run-journal.ts';
import type { FailedOutcome, Outcome, SkipReason } from '../../model/outcome.ts';

/** Failures of each class that the account names. */
export const NAMED_PER_CLASS = 3;
/** Origins whose speed is measured; the slowest are found among the first this many. */
const MAX_ORIGINS = 1000;
/** Answers below which an origin's mean time says nothing. */
const MIN_ANSWERS = 10;

export class FetchAccount {
  ok = 0;
  failed = 0;
  skipped = 0;
  /** Outcomes of this session; targets that were cancelled at its end have none. */
  settledNow = 0;
  bytes = 0;
  storedBytes = 0;
  renamed = 0;
  readonly durations = new Histogram();
  /** Answers of this session by class of status, such as `2xx`. */
  readonly answers: Record<string, number> = {};
  readonly failures: Partial<Record<FailureCode, number>> = {};
  /** Answers of this session by status: the journal keeps only classes. */
  readonly statuses: Record<string, number> = {};
  readonly skips: Partial<Record<SkipReason, number>> = {};
  readonly firstFailures: FailedOutcome[] = [];
  readonly #origins = new Map<string, { count: number; sumMs: number }>();

  get settled(): number {
    return this.ok + this.failed + this.skipped;
  }

  /** Begins with what earlier sessions of the run settled. */
  goOnFrom({ ok, failed, skipped, bytes, storedBytes, renamed, failures, skips }: JournalCounts): void {
    Object.assign(this, { ok, failed, skipped, bytes, storedBytes, renamed });
    Object.assign(this.failures, failures);
    Object.assign(this.skips, skips);
  }

  /** A failed target is fetched again. */
  takeBack(code: FailureCode): void {
    this.failed--;
    this.failures[code] = (this.failures[code] ?? 1) - 1;
    if (this.failures[code] === 0) delete this.failures[code];
  }

  add(outcome: Outcome): void {
    if (outcome.kind !== 'skipped' || outcome.reason !== 'stopped') this.settledNow++;
    if (outcome.kind !== 'skipped' && outcome.status > 0) {
      const group = `${Math.floor(outcome.status / 100)}xx`;
      this.answers[group] = (this.answers[group] ?? 0) + 1;
    }
    if (outcome.kind === 'ok') {
      this.ok++;
      this.bytes += outcome.bytes;
      this.storedBytes += outcome.stored.storedBytes;
      if (outcome.stored.isRenamed) this.renamed++;
      this.durations.recordMs(outcome.durationMs);
      this.#addOrigin(outcome.url, outcome.durationMs);
    } else if (outcome.kind === 'failed') {
      this.failed++;
      const count = (this.failures[outcome.code] ?? 0) + 1;
      this.failures[outcome.code] = count;
      if (outcome.code === 'http-status')
        this.statuses[outcome.status] = (this.statuses[outcome.status] ?? 0) + 1;
      if (count <= NAMED_PER_CLASS) this.firstFailures.push(outcome);
      if (outcome.attempts > 0) this.#addOrigin(outcome.url, outcome.durationMs);
    } else {
      this.skipped++;
      this.skips[outcome.reason] = (this.skips[outcome.reason] ?? 0) + 1;
    }
  }

  /** The origins with the longest mean time, slowest first. */
  slowestOrigins(count: number): { origin: string; meanMs: number }[] {
    const slowest: { origin: string; meanMs: number }[] = [];
    for (const [origin, { count: answers, sumMs }] of this.#origins) {
      if (answers < MIN_ANSWERS) continue;
      slowest.push({ origin, meanMs: sumMs / answers });
      slowest.sort((a, b) => b.meanMs - a.meanMs);
      if (slowest.length > count) slowest.pop();
    }
    return slowest;
  }

  /** The origins with the most answers. */
  busiestOrigins(count: number): string[] {
    const byCount = [...this.#origins].sort(([, a], [, b]) => b.count - a.count);
    return byCount.slice(0, count).map(([origin]) => origin);
  }

  #addOrigin(url: string, durationMs: number): void {
    // Cheaper than parsing: takes the text before the path.
    const end = url.indexOf('/', url.indexOf('//') + 2);
    const origin = end === -1 ? url : url.slice(0, end);
    const known = this.#origins.get(origin);
    if (known !== undefined) {
      known.count++;
      known.sumMs += durationMs;
    } else if (this.#origins.size < MAX_ORIGINS) {
      this.#origins.set(origin, { count: 1, sumMs: durationMs });
    }
  }
}
