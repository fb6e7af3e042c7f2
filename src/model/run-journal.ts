// What a run's journal says about the run besides its outcomes. Plain data; runner/journal-* reads and writes it.

import type { FailureCode } from './errors.ts';
import type { SkipReason } from './outcome.ts';
import type { SinkSpec } from './sink-spec.ts';

/**
 * The options that decide which bodies a run gets and where they go, by the name that a person uses, such as
 * `--to` or `source 1`. Two runs with the same identity are one run.
 */
export type RunIdentity = Readonly<Record<string, string>>;

/** The command line that began a run, so that `resume` need not be given it again. Never has a credential. */
export interface StoredCommand {
  /** Sources as given; a list's path is absolute. */
  readonly sources: readonly string[];
  /** Options by their key in the command's table, as text. */
  readonly given: Readonly<Record<string, string>>;
  /**
   * Options that were given and are not kept, because they hold a credential, such as `--header authorization`.
   */
  readonly withheld: readonly string[];
}

/**
 * `running`: its process is at work, or was killed. `stopped`: drained or cut. `broken`: it could not
 * continue. `done`: the sources were read to their end and every target is settled.
 */
export type RunState = 'running' | 'stopped' | 'broken' | 'done';

/** One process that worked at the run. */
export interface RunSession {
  /** Counts from 1. */
  readonly number: number;
  readonly kind: 'fetch' | 'resume' | 'retry';
  readonly pid: number;
  readonly host: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** null while it is at work, or when it was killed. */
  readonly endedAt: string | null;
  /** How it ended; `running` as long as `endedAt` is null. */
  readonly ended: RunState;
  /** Targets settled when it began. */
  readonly settledBefore: number;
}

export interface JournalMeta {
  readonly identity: RunIdentity;
  /** null when the run was not begun by a command line. */
  readonly command: StoredCommand | null;
  readonly state: RunState;
  readonly sink: SinkSpec['kind'];
  /** Targets of the run; null until its sources were read to their end. */
  readonly targetCount: number | null;
  readonly createdAt: string;
  /** True when URLs of targets had a login, which the journal does not keep. */
  readonly hadLogins: boolean;
  /**
   * How often each target without an outcome was in flight when a worker thread died, by index; absent before
   * the first death.
   */
  readonly deaths?: Readonly<Record<string, number>>;
}

export interface JournalCounts {
  readonly settled: number;
  readonly ok: number;
  readonly failed: number;
  readonly skipped: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly renamed: number;
  readonly failures: Partial<Record<FailureCode, number>>;
  readonly skips: Partial<Record<SkipReason, number>>;
}

/** The state of a run, from its journal. */
export interface RunStatus {
  /** The name of the run, as a person uses it. */
  readonly run: string;
  /** `killed`: no process works at it, and the last one did not record its end. */
  readonly state: RunState | 'killed';
  /** The process at work; null when there is none. */
  readonly pid: number | null;
  readonly host: string | null;
  /** null until the sources were read to their end. */
  readonly targets: number | null;
  readonly counts: JournalCounts;
  /** Failures that have a status, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** All targets from the first up to this one have an outcome. */
  readonly settledUpTo: number;
  /** Pages of a list API that were read; null without one. */
  readonly pages: number | null;
  /** Targets settled a second now; null when no process is at work. */
  readonly perSec: number | null;
  readonly createdAt: string;
  readonly sessions: readonly RunSession[];
}
