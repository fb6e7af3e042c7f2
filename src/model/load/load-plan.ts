// The resolved numbers of a load: what is asked, how, and with how much of the machine. Plain data.

import type { ArrivalKind, Expectations, LoadLimits, LoadRequest, RateStage } from './load-task.ts';

export interface LoadPlan {
  readonly requests: readonly LoadRequest[];
  /** Fields of every request. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** null: the closed model. Without the warm-up, which has the first stage's rate. */
  readonly rate: { readonly stages: readonly RateStage[]; readonly kind: ArrivalKind } | null;
  readonly seed: number;
  readonly requestCount: number | null;
  /** The measured time; null: until the requests are done. */
  readonly durationMs: number | null;
  readonly warmUpMs: number;
  readonly drainMs: number;
  /** Over all workers. */
  readonly connectionCount: number;
  readonly depth: number;
  readonly maxOwed: number;
  readonly workerCount: number;
  readonly isKeepAlive: boolean;
  readonly transport: 'wire' | 'undici';
  readonly protocol: 'h1' | 'h2';
  /** Certificates in PEM that are trusted besides the usual, and whether any is. */
  readonly trust: { readonly ca: string | null; readonly isInsecure: boolean };
  readonly limits: LoadLimits;
  readonly expect: Expectations;
}
