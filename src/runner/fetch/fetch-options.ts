// The options of a fetch, from the command line or from a program.

import type { FetchBudgets, FetchLimits, FetchRequestOptions } from '../../model/fetch-task.ts';
import type { Outcome } from '../../model/outcome.ts';
import type { DiscardSpec, MemorySpec, ModuleSpec } from '../../model/sink-spec.ts';
import type { SourceOptions } from './targets/fetch-sources.ts';
import type { FetchThreads } from './worker-group/fetch-threads.ts';
import type { BoundNames } from './bound-names.ts';
import type { Admit } from './fetch-run.ts';
import type { FetchSession } from './fetch-session.ts';

export interface FetchOptions {
  /** Read in this order; one run over all of them. */
  readonly sources: readonly SourceOptions[];
  /** @default `results/<timestamp>` */
  readonly to: string | null;
  readonly nameTemplate: string | null;
  /** null: decoded, except in a WARC, which keeps the original. */
  readonly bytes: FetchRequestOptions['bytes'] | null;
  readonly segmentBytes: number;
  /** Sets the time of each file in a directory from Last-Modified. @default false */
  readonly setsTimes?: boolean;
  readonly request: Omit<FetchRequestOptions, 'bytes' | 'logins' | 'ca'>;
  readonly netrcFile: string | null;
  readonly caFile: string | null;
  readonly limits: FetchLimits;
  readonly budgets: FetchBudgets;
  readonly maxInFlight: number;
  /** Worker threads; null for one for each core. */
  readonly cores: number | null;
  readonly isStrict: boolean;
  readonly isDeduping: boolean;
  readonly maxRemembered: number;
  /** As of `FetchRunOptions`: the time the workers take to start does not count. @default false */
  readonly isWarm?: boolean;
  /** Takes the bodies instead of the output in `to`; such a run leaves no record. */
  readonly sink?: ModuleSpec | MemorySpec | DiscardSpec;
  /** Gets outcomes as they are recorded, with the values that the sink returned for their bodies. */
  readonly onOutcomes?: (outcomes: readonly Outcome[], values?: readonly unknown[]) => void;
  /** Decides how many of the next targets go to the workers. */
  readonly admit?: Admit;
  /** What the caller calls the options that can limit the run. @default the library's names */
  readonly names?: BoundNames;
  /** Threads started ahead with these options; the fetch ends them, even if it does not begin. @default its own */
  readonly threads?: FetchThreads;
  /** How this session relates to a run that is already there. @default as `fetch` typed at a terminal */
  readonly session?: FetchSession;
}
