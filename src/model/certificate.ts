// What an audit certifies: how many targets there were and a digest of what was had. Plain data with nothing in it of
// time, machine, order or sink, so that the same content gives the same certificate; docs/verify.md says how to
// recompute it with standard tools.

import type { SkipReason } from './outcome.ts';

export const CERTIFICATE_FORMAT = 'spillway-certificate-1';

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
