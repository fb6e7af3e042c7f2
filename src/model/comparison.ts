// The JSON of a comparison: strategies measured side by side on one machine, with all that a reader needs to trust
// or doubt the verdicts. Terminal, Markdown and HTML output are made only from it. Times are in milliseconds,
// memory in bytes, shares of a whole between 0 and 1; a ratio of times below 1 is faster than the reference.

import type { Family, Plan } from './plan.ts';
import type { MachineFacts, Percentiles, RoundRecord } from './record.ts';

/** A range, and how often a range made this way contains the true value. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** 0..1; with few rounds it is below the wanted confidence. */
  readonly confidenceRatio: number;
}

/** A median over rounds. */
export interface Estimate {
  readonly median: number;
  /** By order statistics, without assuming a distribution; null when there is only one value. */
  readonly interval: Interval | null;
  readonly sampleCount: number;
}

/** Time of a strategy over the time of the reference in the same round, as a median over rounds. */
export interface RatioEstimate {
  /** Below 1: faster than the reference. */
  readonly timeRatio: number;
  /** By bootstrap over the rounds' ratios; null below 2 rounds. */
  readonly interval: Interval | null;
  /** `1 / timeRatio`: how many times as fast, with the same interval inverted. */
  readonly speedUp: number;
  readonly speedUpInterval: Interval | null;
  /** One ratio for each round, in their order. */
  readonly ratios: readonly number[];
}

/** `too few rounds`: nothing can be said, whatever the figures look like. */
export const SPEED_VERDICTS = ['faster', 'slower', 'no difference', 'too few rounds', 'reference'] as const;
export type SpeedVerdict = (typeof SPEED_VERDICTS)[number];

/** The reference against itself: the difference that this machine shows when there is none. */
export interface NoiseGate {
  /** The reference strategy, run twice. */
  readonly strategy: string;
  /** The pair that was run first of all, then one pair a round. */
  readonly pairs: readonly { readonly firstMs: number; readonly secondMs: number; readonly ratio: number }[];
  /**
   * Time ratios in this range are what chance alone shows over this many rounds; null when too few pairs were
   * whole.
   */
  readonly noise: Interval | null;
}

/** The figures of a strategy over its rounds: medians with intervals, and percentiles of one merged histogram. */
export interface StrategyFigures {
  /** Time for all trials; already multiplied when it is projected. */
  readonly wallMs: Estimate;
  /** The least time physics allows for all trials; null when the delay is not known. */
  readonly floorMs: number | null;
  /** `floor / measured`. */
  readonly efficiencyRatio: Estimate | null;
  readonly answersPerSec: Estimate;
  /**
   * From the dispatch of the first attempt, so it includes the wait for a connection. Over the answers of all
   * rounds.
   */
  readonly latency: Percentiles;
  /** From the moment the request was sent. Over the answers of all rounds. */
  readonly wireLatency: Percentiles;
  /** The most connections open at once. */
  readonly connectionsPeak: Estimate;
  readonly clientCpuUsPerTrial: Estimate;
  /** null when the server is not ours, so that it cannot be asked. */
  readonly serverCpuUsPerTrial: Estimate | null;
  /** The most memory of the client process during the round, sampled ten times a second. */
  readonly peakRssBytes: Estimate;
  /** Share of the time the busiest worker's event loop was busy. */
  readonly clientUtilizationRatio: Estimate;
  /** The same for the busiest replica; null when the server is not ours. */
  readonly serverUtilizationRatio: Estimate | null;
  /** Sum over all rounds. */
  readonly okCount: number;
  readonly failedCount: number;
  readonly repeatCount: number;
  /** Rounds whose proof is broken. */
  readonly brokenProofCount: number;
  /** What limited most rounds. */
  readonly boundBy: string;
}

export interface StrategyResult {
  /** The name it is printed under. */
  readonly name: string;
  /** As it was asked for: `multicore`, or `mine:family=pipelined,connections=50`. */
  readonly spec: string;
  /** One line: what it does. */
  readonly meaning: string;
  readonly family: Family;
  /** The plan of its rounds: for fewer trials than were asked for when it is projected. */
  readonly plan: Plan;
  /** What was asked for and not allowed, such as `8 threads of 1000`; null when everything was allowed. */
  readonly guard: string | null;
  /** The complete record of every round, in the order they ran; warm-up is not included. */
  readonly rounds: readonly RoundRecord[];
  readonly figures: StrategyFigures;
  /** Against the reference; null for the reference itself, and when no pair of whole rounds exists. */
  readonly ratio: RatioEstimate | null;
  readonly verdict: SpeedVerdict;
  /** The verdict's reason, one sentence. */
  readonly reason: string;
  /** Set when all trials would have taken too long: fewer were run, and the time multiplied by `factor`. */
  readonly projected: { readonly trialsRun: number; readonly factor: number } | null;
}

/** One round in the order of execution. */
export interface ExecutedRound {
  readonly strategy: string;
  readonly role: 'warm-up' | 'noise' | 'round' | 'scaling';
  /** Which round of the comparison, from 1; 0 for what came before the first. */
  readonly round: number;
  readonly startedAt: string;
  readonly wallMs: number;
  /** How long the pause before it was, until the sockets of the previous round were gone. */
  readonly pausedMs: number;
  /** Sockets in TIME_WAIT when it began; null when the kernel does not say. */
  readonly timeWaitCount: number | null;
  /** False when the pause reached its bound, so that remaining sockets may have slowed this round. */
  readonly isQuiet: boolean;
  readonly peakRssBytes: number;
}

/** A limit or counter of the operating system before the first round and after the last. */
export interface LimitChange {
  readonly name: string;
  readonly meaning: string;
  /** A number, `unlimited`, or null when it cannot be read. */
  readonly before: number | string | null;
  readonly after: number | string | null;
}

/** The reference strategy on a number of workers. */
export interface ScalingPoint {
  readonly workerCount: number;
  readonly wallMs: Estimate;
  readonly answersPerSec: Estimate;
  readonly clientCpuUsPerTrial: Estimate;
  /** How many times as fast as on one worker. */
  readonly speedUp: number;
  readonly rounds: readonly RoundRecord[];
}

export interface Comparison {
  readonly schema: 'spillway-comparison/1';
  readonly command: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly trialCount: number;
  readonly delayMs: number | null;
  /** `own server`, or the origin that was asked. */
  readonly origin: string;
  /** Rounds of each strategy. */
  readonly roundCount: number;
  /** The longest that all rounds of one strategy may take together. */
  readonly budgetMs: number;
  /** The same seed gives the same order of rounds. */
  readonly seed: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: MachineFacts;
  readonly limits: readonly LimitChange[];
  /** The strategy that others are compared with. */
  readonly reference: string;
  readonly noise: NoiseGate;
  readonly strategies: readonly StrategyResult[];
  /** The reference on 1 … cores workers; empty when it was not asked for. */
  readonly scaling: readonly ScalingPoint[];
  readonly order: readonly ExecutedRound[];
  /** Ran before everything else and is not judged. */
  readonly warmUp: readonly RoundRecord[];
  /** True when the user stopped it before every round was run. */
  readonly isInterrupted: boolean;
}
