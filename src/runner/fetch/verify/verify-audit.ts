// The findings of an audit so far: correct bodies by count and length, and problems by kind, naming the first of
// each.

import { CERTIFICATE_FORMAT } from '../../../model/verify-report.ts';
import type { SkipReason } from '../../../model/outcome.ts';
import type { VerifyProblem, VerifyProblemKind, VerifyReport } from '../../../model/verify-report.ts';
import type { VerifyTable } from './verify-table.ts';

const NAMED_PER_KIND = 5;

export class VerifyAudit {
  expected = 0;
  failed = 0;
  readonly skipped: Partial<Record<SkipReason, number>> = {};
  /** False once a run that kept no bodies was audited. */
  isReadBack = true;
  readonly #table: VerifyTable;
  readonly #counts: Partial<Record<VerifyProblemKind, number>> = {};
  readonly #problems: VerifyProblem[] = [];
  #right = 0;
  #bytes = 0;

  constructor(table: VerifyTable) {
    this.#table = table;
  }

  get right(): number {
    return this.#right;
  }

  /** Counts the body of `target` as equal to its record. */
  approve(target: string, bytes: number, sha256: string): void {
    this.#right++;
    this.#bytes += bytes;
    this.#table.addLine(target, bytes, sha256);
  }

  blame(kind: VerifyProblemKind, path: string, detail: string, targetCount = 1): void {
    const before = this.#counts[kind] ?? 0;
    this.#counts[kind] = before + targetCount;
    if (this.#problems.filter((problem) => problem.kind === kind).length < NAMED_PER_KIND)
      this.#problems.push({ kind, path, detail });
  }

  skip(reason: SkipReason): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
  }

  report(against: VerifyReport['against'], digest: string): VerifyReport {
    const isComplete = this.#problems.length === 0 && this.expected > 0;
    const { expected, failed, skipped } = this;
    return {
      against,
      expected,
      right: this.#right,
      bytes: this.#bytes,
      counts: this.#counts,
      problems: this.#problems,
      isComplete,
      certificate: {
        format: CERTIFICATE_FORMAT,
        isComplete,
        isReadBack: this.isReadBack,
        targets: expected,
        ok: this.#right,
        failed,
        // Sorted, so that the result does not depend on which came first.
        skipped: Object.fromEntries(Object.entries(skipped).sort(([a], [b]) => (a < b ? -1 : 1))),
        bytes: this.#bytes,
        digest,
      },
    };
  }
}
