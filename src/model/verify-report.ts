// What an audit found, and what it certifies. Plain data.

import type { SkipReason } from './outcome.ts';

export const CERTIFICATE_FORMAT = 'spillway-certificate-1';

/**
 * What an audit certifies: how many targets there were, and a digest of the bodies. Does not depend on time,
 * machine, order or sink, so the same content gives the same certificate; docs/verify.md says how to
 * recompute it with standard tools.
 */
export interface Certificate {
  readonly format: typeof CERTIFICATE_FORMAT;
  /** Every target has its body or was skipped for a reason, and nothing else was found. */
  readonly isComplete: boolean;
  /** True when the bodies were read again; false for a run that kept none, where only its record was checked. */
  readonly isReadBack: boolean;
  readonly targets: number;
  /** Targets whose bodies are right: those in the digest. */
  readonly ok: number;
  readonly failed: number;
  readonly skipped: Partial<Record<SkipReason, number>>;
  /** Total length of the bodies in the digest. */
  readonly bytes: number;
  /** `sha256:` and the SHA-256, in hexadecimal, of the lines `TARGET TAB LENGTH TAB SHA256 LF` in the order of their bytes. */
  readonly digest: string;
}

/** One thing that is not as recorded; `path` is relative to the directory, or a target. */
export interface VerifyProblem {
  readonly kind: VerifyProblemKind;
  readonly path: string;
  readonly detail: string;
}

/**
 * `missing`: recorded and not there. `torn`: only partly there. `changed`: bytes other than recorded.
 * `stranger`: there and not recorded. `gap`: a target without an outcome. `double`: a target or a number that
 * is there twice. `failed`: a target without a body.
 */
export type VerifyProblemKind = 'missing' | 'torn' | 'changed' | 'stranger' | 'gap' | 'double' | 'failed';

export interface VerifyReport {
  /** `record`: compared with the runs' own records. `numbers`: files that each say `k of n`. */
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
