// What an audit found. Plain data.

import type { Certificate } from './certificate.ts';

/** One thing that is not as recorded; `path` is relative to the directory, or a target. */
export interface VerifyProblem {
  readonly kind: VerifyProblemKind;
  readonly path: string;
  readonly detail: string;
}

/**
 * `missing`: recorded and not there. `torn`: there in part. `changed`: other bytes than recorded. `stranger`: there and not
 * recorded. `gap`: a target without a last word. `double`: a target, or a number, that is there twice. `failed`: a target
 * that was not had.
 */
export type VerifyProblemKind = 'missing' | 'torn' | 'changed' | 'stranger' | 'gap' | 'double' | 'failed';

export interface VerifyReport {
  /** `record`: against the runs' own records. `numbers`: files that each say `k of n`. */
  readonly against: 'record' | 'numbers';
  /** Targets of the runs, or n. */
  readonly expected: number;
  /** Bodies whose length and digest are right, or numbers that are there once. */
  readonly right: number;
  readonly bytes: number;
  readonly counts: Partial<Record<VerifyProblemKind, number>>;
  /** The first of each kind. */
  readonly problems: readonly VerifyProblem[];
  readonly isComplete: boolean;
  readonly certificate: Certificate;
}
