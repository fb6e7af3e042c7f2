// The record of the second scenario: files listed page by page while they are downloaded. Plain data.

import type { Estimate } from './comparison.ts';
import type { MachineFacts } from './record.ts';

/** One download of all files. */
export interface PagesRound {
  readonly wallMs: number;
  readonly attemptsSent: number;
  readonly connectionsOpened: number;
  readonly inFlightPeak: number;
  readonly p50Ms: number | null;
  readonly maxMs: number | null;
  readonly clientCpuUsPerFile: number;
  /** Files on disk that say `k of n`, with each k of 1..n present once. */
  readonly foundOnce: number;
  /** Files that the server sent exactly once. */
  readonly sentOnce: number;
  /** What is not as it should be, each named; empty when every file came once. */
  readonly problems: readonly string[];
}

export interface PagesStrategy {
  readonly name: string;
  readonly workerCount: number;
  readonly maxInFlight: number;
  readonly guard: string | null;
  /** The least time: how often the slots are used in turn, times the delay. */
  readonly floorMs: number;
  readonly wallMs: Estimate;
  readonly rounds: readonly PagesRound[];
}

export interface PagesRecord {
  readonly schema: 'spillway-pages/1';
  readonly command: string;
  readonly startedAt: string;
  readonly fileCount: number;
  readonly perPage: number;
  readonly delayMs: number;
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: MachineFacts;
  readonly strategies: readonly PagesStrategy[];
}
