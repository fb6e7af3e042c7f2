// What a fetch is asked for, by the command line or by a program.

import type { FetchBudgets, FetchLimits, FetchRequestOptions } from '../../model/fetch-task.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DiscardSpec, MemorySpec, ModuleSpec } from '../../model/sink-spec.ts';
import type { SourceOptions } from './targets/fetch-sources.ts';
import type { FetchThreads } from './worker-group/fetch-threads.ts';
import type { BoundNames } from './bound-names.ts';
import type { Admit } from './fetch-run.ts';
import type { FetchSession } from './fetch-session.ts';

export interface FetchOptions {
  /** In this order; one run over all of them. */
  readonly sources: readonly SourceOptions[];
  /** @default `results/<timestamp>` */
  readonly to: string | null;
  readonly nameTemplate: string | null;
  /** null: decoded, but original in a WARC. */
  readonly bytes: FetchRequestOptions['bytes'] | null;
  readonly segmentBytes: number;
  /** Files in a directory get the time that Last-Modified says. @default false */
  readonly setsTimes?: boolean;
  readonly request: Omit<FetchRequestOptions, 'bytes' | 'logins' | 'ca'>;
  readonly netrcFile: string | null;
  readonly caFile: string | null;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  readonly maxInFlight: number;
  /** Worker threads; null for one a core. */
  readonly cores: number | null;
  readonly isStrict: boolean;
  readonly isDeduping: boolean;
  readonly maxRemembered: number;
  /** As of `FetchRunOptions`: what the workers take to start is no part of its time. @default false */
  readonly isWarm?: boolean;
  /** Takes the bodies instead of what `to` names; such a run leaves no record. */
  readonly sink?: ModuleSpec | MemorySpec | DiscardSpec;
  /** Gets outcomes as they are recorded, and what the sink made of their bodies. */
  readonly onOutcomes?: (outcomes: readonly Outcome[], values?: readonly unknown[]) => void;
  /** How many of the next targets may go to the workers. */
  readonly admit?: Admit;
  /** What a person calls options that bind. @default as the library does */
  readonly names?: BoundNames;
  /** Threads that were started ahead for these options; the fetch ends them, whether it begins or not. @default its own */
  readonly threads?: FetchThreads;
  /** How the run goes on with what is there; @default as `fetch` typed at a terminal */
  readonly session?: FetchSession;
}
