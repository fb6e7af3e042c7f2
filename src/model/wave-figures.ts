// What tinybench says of a strategy whose one iteration is a whole wave of trials. Plain data.

import type { Percentiles } from './record.ts';

export interface WaveFigures {
  readonly name: string;
  readonly trialCount: number;
  /** Waves, each a round of its own. */
  readonly waveCount: number;
  readonly isProjected: boolean;
  /** Of waves, as tinybench has them; the margin is that of a 95 % interval of the mean, null below 2 waves. */
  readonly meanMs: number;
  readonly marginRatio: number | null;
  readonly leastMs: number;
  readonly mostMs: number;
  /** Trials, not waves. */
  readonly trialsPerSec: number;
  /** Of single answers: a handful of waves has no percentiles. */
  readonly answers: Percentiles;
}
