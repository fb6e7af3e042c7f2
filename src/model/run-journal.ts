// What a run's journal says of the run besides its outcomes. Plain data; runner/journal-* read and write it.

import type { FailureCode } from './errors.ts';
import type { SkipReason } from './outcome.ts';
import type { SinkSpec } from './sink-spec.ts';

/**
 * What decides which bodies a run gets and where they go, by the name a person gives it, such as `--to` or
 * `source 1`. Two runs with the same identity are one run.
 */
export type RunIdentity = Readonly<Record<string, string>>;

/** The command line that began a run, so that `resume` need not be told it again. Never holds a credential. */
export interface StoredCommand {
  /** Sources as given; a list's path is absolute. */
  readonly sources: readonly string[];
  /** Options by their key in the command's table, as text. */
  readonly given: Readonly<Record<string, string>>;
  /** Options that were given and are not kept, because they hold a credential: such as `--header authorization`. */
  readonly withheld: readonly string[];
}

/**
 * `running`: its process is at work, or was ended by force. `stopped`: drained or cut. `broken`: it could not go on.
 * `done`: the sources were read to their end and every target is settled.
 */
export type RunState = 'running' | 'stopped' | 'broken' | 'done';

/** One process that worked at the run. */
export interface RunSession {
  /** From 1. */
  readonly number: number;
  readonly kind: 'fetch' | 'resume' | 'retry';
  readonly pid: number;
  readonly host: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** null: at work, or ended by force. */
  readonly endedAt: string | null;
  /** How it ended; `running` as long as `endedAt` is null. */
  readonly ended: RunState;
  /** Targets settled when it began. */
  readonly settledBefore: number;
}

export interface JournalMeta {
  readonly identity: RunIdentity;
  /** null where the run was not begun by a command line. */
  readonly command: StoredCommand | null;
  readonly state: RunState;
  readonly sink: SinkSpec['kind'];
  /** Targets of the run; null until its sources were read to their end. */
  readonly targetCount: number | null;
  readonly createdAt: string;
  /** True when URLs of targets held a login, which the journal does not keep. */
  readonly hadLogins: boolean;
  /** How often targets without an outcome were in flight when a worker thread died, by index; absent before the first death. */
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

/** Where a run stands, from its journal. */
export interface RunStatus {
  /** What a person calls the run. */
  readonly run: string;
  /** `killed`: no process works at it, and the last one did not get to say goodbye. */
  readonly state: RunState | 'killed';
  /** The process at work; null without one. */
  readonly pid: number | null;
  readonly host: string | null;
  /** null until the sources were read to their end. */
  readonly targets: number | null;
  readonly counts: JournalCounts;
  /** Failures with a status, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** All targets from the first up to this one have an outcome. */
  readonly settledUpTo: number;
  /** Pages of a list API that were taken; null without one. */
  readonly pages: number | null;
  /** Targets settled a second just now; null when nobody works at it. */
  readonly perSec: number | null;
  readonly createdAt: string;
  readonly sessions: readonly RunSession[];
}
