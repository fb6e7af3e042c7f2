// The shape of a suite: cases, each a job on a server done by several entries. Types alone; suites.ts is the table.
import type { Claim, Job, Settings } from './measurement.ts';
import type { ProgramName } from './programs.ts';
import type { ServerSpec } from './servers.ts';

export interface Entry {
  /** Unique in its case: the name in tables, claims and `--only`. */
  readonly name: string;
  readonly program: ProgramName;
  readonly settings: Settings;
  /** Where it differs from the case's job. */
  readonly job?: Partial<Job>;
}

export interface SuiteCase {
  readonly name: string;
  readonly server: ServerSpec;
  readonly job: Job;
  /** Processor the clients are held to; any when left out. */
  readonly clientCore?: number;
  /** A run that takes longer is ended and counts as failed. */
  readonly timeoutMs: number;
  readonly entries: readonly Entry[];
  readonly claims: readonly Claim[];
  /** What a reader must know to read the figures right. */
  readonly notes: readonly string[];
}

export interface Suite {
  readonly name: string;
  readonly about: string;
  readonly cases: readonly SuiteCase[];
}
