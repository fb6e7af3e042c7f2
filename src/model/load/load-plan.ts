// The resolved numbers of a load: what is requested, how, and with how much of the machine. Plain data.

import type { ArrivalKind, Expectations, LoadLimits, LoadRequest, RateStage } from './load-task.ts';

export interface LoadPlan {
  readonly requests: readonly LoadRequest[];
  /** Fields of every request. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** null in the closed model. Excludes the warm-up, which has the first stage's rate. */
  readonly rate: { readonly stages: readonly RateStage[]; readonly kind: ArrivalKind } | null;
  readonly seed: number;
  readonly requestCount: number | null;
  /** The measured time; null to run until the requests are done. */
  readonly durationMs: number | null;
  readonly warmUpMs: number;
  readonly drainMs: number;
  /** Sum over all workers. */
  readonly connectionCount: number;
  readonly depth: number;
  readonly maxOwed: number;
  readonly workerCount: number;
  readonly isKeepAlive: boolean;
  readonly transport: 'wire' | 'undici';
  readonly protocol: 'h1' | 'h2';
  /**
   * Certificates in PEM that are trusted in addition to the usual ones, and whether any certificate is accepted.
   */
  readonly trust: { readonly ca: string | null; readonly isInsecure: boolean };
  readonly limits: LoadLimits;
  readonly expect: Expectations;
}
