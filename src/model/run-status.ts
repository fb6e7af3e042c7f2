// Where a run stands, from its journal. Plain data.

import type { JournalCounts, RunSession, RunState } from './run-journal.ts';

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
  /** Targets from the first up to this one all have a last word. */
  readonly settledUpTo: number;
  /** Pages of a list API that were taken; null without one. */
  readonly pages: number | null;
  /** Targets settled a second just now; null when nobody works at it. */
  readonly perSec: number | null;
  readonly createdAt: string;
  readonly sessions: readonly RunSession[];
}
