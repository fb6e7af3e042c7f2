// What an audit found, and what it certifies. Plain data.

import type { SkipReason } from './outcome.ts';

export const CERTIFICATE_FORMAT = 'spillway-certificate-1';

/**
 * What an audit certifies: how many targets there were and a digest of what was had. Holds nothing of time, machine, order
 * or sink, so that the same content gives the same certificate; docs/verify.md says how to recompute it with standard
 * tools.
 */
export interface Certificate {
  readonly format: typeof CERTIFICATE_FORMAT;
  /** Every target is had or was skipped for a reason, and nothing else was found. */
  readonly isComplete: boolean;
  /** The bodies were read again. False for a run that kept none: its record alone was looked at. */
  readonly isReadBack: boolean;
  readonly targets: number;
  /** Targets whose bodies are right: those of the digest. */
  readonly ok: number;
  readonly failed: number;
  readonly skipped: Partial<Record<SkipReason, number>>;
  /** Of the bodies of the digest. */
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
 * `missing`: recorded and not there. `torn`: there in part. `changed`: other bytes than recorded. `stranger`: there and not
 * recorded. `gap`: a target without an outcome. `double`: a target, or a number, that is there twice. `failed`: a target
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
