// What several rounds allow us to say: medians with intervals, ratios of pairs, and when a difference is only
// noise. Pure; it knows numbers and no strategies. Times are compared as logarithms, so that half and double
// are equally far apart.

import type { Estimate, Interval, SpeedVerdict } from '../model/comparison.ts';

export const CONFIDENCE_RATIO = 0.95;
const BOOTSTRAP_SAMPLES = 2000;
/** Standard error of a median over that of a mean, for normal noise and many samples; an upper bound for few. */
const MEDIAN_COST = Math.sqrt(Math.PI / 2);
/** From this ratio a factor says more than a percentage. */
const LEAST_FACTOR = 3;
/** With fewer rounds, a strategy's own spread cannot be told from its difference. */
export const LEAST_ROUNDS = 3;

/** The middle value, or the mean of the two in the middle. @throws RangeError for no values */
export function medianOf(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('expected 1 value or more for a median, got none');
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}

/**
 * The median with an interval by order statistics: the k-th smallest and k-th largest value enclose the true
 * median with probability 1 - 2 P(Binomial(n, 1/2) < k), whatever the distribution (David and Nagaraja, Order
 * Statistics, 7.1). Uses the largest k that still reaches 95 %. With up to 5 values none does, so the whole
 * range is used with the confidence that it has (3 values: 75 %).
 */
export function estimateMedian(values: readonly number[]): Estimate {
  const sorted = values.toSorted((a, b) => a - b);
  const count = sorted.length;
  const median = medianOf(sorted);
  if (count < 2) return { median, interval: null, sampleCount: count };
  let rank = 1;
  while (rank < count / 2 && 1 - 2 * binomialBelow(rank + 1, count) >= CONFIDENCE_RATIO) rank++;
  return {
    median,
    interval: {
      low: sorted[rank - 1] as number,
      high: sorted[count - rank] as number,
      confidenceRatio: 1 - 2 * binomialBelow(rank, count),
    },
    sampleCount: count,
  };
}

/** P(Binomial(count, 1/2) < rank). */
function binomialBelow(rank: number, count: number): number {
  let term = 0.5 ** count;
  let sum = 0;
  for (let successes = 0; successes < rank; successes++) {
    sum += term;
    term = (term * (count - successes)) / (successes + 1);
  }
  return sum;
}

/** A generator of numbers in 0..1, the same for the same seed (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A copy in random order (Fisher and Yates). */
export function shuffle<Value>(values: readonly Value[], random: () => number): Value[] {
  const shuffled = [...values];
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [shuffled[last], shuffled[other]] = [shuffled[other] as Value, shuffled[last] as Value];
  }
  return shuffled;
}

/** An interval for the median by bootstrap: percentiles of the medians of resamples (Efron and Tibshirani 1993, 13). */
export function bootstrapMedian(values: readonly number[], random: () => number): Interval | null {
  return bootstrap([values], random, ([median]) => median as number);
}

/** The same for the ratio of the median of `values` to the median of `over`, which are not paired. */
export function bootstrapMedianRatio(
  values: readonly number[],
  over: readonly number[],
  random: () => number,
): Interval | null {
  return bootstrap([values, over], random, ([above, below]) => (above as number) / (below as number));
}

function bootstrap(
  sets: readonly (readonly number[])[],
  random: () => number,
  read: (medians: readonly number[]) => number,
): Interval | null {
  const leastCount = Math.min(...sets.map((values) => values.length));
  if (leastCount < 2) return null;
  const resamples = sets.map((values) => new Float64Array(values.length));
  const found = Float64Array.from({ length: BOOTSTRAP_SAMPLES }, () =>
    read(sets.map((values, set) => resampledMedian(values, resamples[set] as Float64Array, random))),
  ).sort();
  const tail = Math.floor(((1 - CONFIDENCE_RATIO) / 2) * BOOTSTRAP_SAMPLES);
  return {
    low: found[tail] as number,
    high: found[BOOTSTRAP_SAMPLES - 1 - tail] as number,
    // Resamples of few values are the values themselves: no interval can claim more than their range contains.
    confidenceRatio: Math.min(CONFIDENCE_RATIO, 1 - 2 * 0.5 ** leastCount),
  };
}

function resampledMedian(values: readonly number[], into: Float64Array, random: () => number): number {
  const count = values.length;
  for (let at = 0; at < count; at++) into[at] = values[Math.floor(random() * count)] as number;
  into.sort();
  return ((into[Math.ceil(count / 2) - 1] as number) + (into[count >>> 1] as number)) / 2;
}

/**
 * Time ratios that chance alone shows as the median over `roundCount` rounds, 95 times in 100, from pairs of
 * one thing measured twice: 1 divided and multiplied by exp(1.2533 t s / sqrt(n)). `s` is the spread of the
 * pairs' log ratios about 0, their true mean, so t (Student's) has as many degrees of freedom as there are
 * pairs: few pairs give a wide range, not a wrong one. null below 2 pairs.
 */
export function noiseInterval(pairRatios: readonly number[], roundCount: number): Interval | null {
  const count = pairRatios.length;
  if (count < 2 || roundCount < 1) return null;
  const meanSquare = pairRatios.reduce((sum, ratio) => sum + Math.log(ratio) ** 2, 0) / count;
  const reach = (MEDIAN_COST * studentT(count) * Math.sqrt(meanSquare)) / Math.sqrt(roundCount);
  return { low: Math.exp(-reach), high: Math.exp(reach), confidenceRatio: CONFIDENCE_RATIO };
}

/** Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom (any table of it). */
const STUDENT_T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

function studentT(freedom: number): number {
  return STUDENT_T[freedom - 1] ?? 1.96 + 2.46 / freedom;
}

export interface Difference {
  /** Below 1 is faster. */
  readonly timeRatio: number;
  readonly interval: Interval | null;
  readonly verdict: Exclude<SpeedVerdict, 'reference'>;
  /** One sentence. */
  readonly reason: string;
}

/**
 * Whether paired time ratios show a difference: their median must lie outside the noise of the reference against
 * itself, and their own bootstrap interval must exclude 1. Below 3 rounds nothing is said.
 * @throws RangeError for no ratios
 */
export function judgeDifference(
  ratios: readonly number[],
  noise: Interval | null,
  random: () => number,
): Difference {
  return judge(medianOf(ratios), bootstrapMedian(ratios, random), ratios.length, noise);
}

/** The same for unpaired times, such as those of two records. @throws RangeError for no times */
export function judgeTimes(
  subjectMs: readonly number[],
  referenceMs: readonly number[],
  noise: Interval | null,
  random: () => number,
): Difference {
  return judge(
    medianOf(subjectMs) / medianOf(referenceMs),
    bootstrapMedianRatio(subjectMs, referenceMs, random),
    Math.min(subjectMs.length, referenceMs.length),
    noise,
  );
}

function judge(
  timeRatio: number,
  interval: Interval | null,
  roundCount: number,
  noise: Interval | null,
): Difference {
  const answer = (verdict: Difference['verdict'], reason: string): Difference => ({
    timeRatio,
    interval,
    verdict,
    reason,
  });
  if (roundCount < LEAST_ROUNDS || interval === null || noise === null) {
    return answer(
      'too few rounds',
      `${roundCount} round(s) cannot tell a difference from chance; take ${LEAST_ROUNDS} or more`,
    );
  }
  const gate = `${percentOff(noise.low)} to ${percentOff(noise.high)}`;
  if (timeRatio >= noise.low && timeRatio <= noise.high) {
    return answer(
      'no difference',
      `${timeOff(timeRatio)} lies inside the noise of the reference against itself (${gate})`,
    );
  }
  if (interval.low <= 1 && interval.high >= 1) {
    return answer(
      'no difference',
      `its own rounds disagree: from ${percentOff(interval.low)} to ${percentOff(interval.high)} in time`,
    );
  }
  return answer(
    timeRatio < 1 ? 'faster' : 'slower',
    `${timeOff(timeRatio)} lies outside the noise of the reference against itself (${gate})`,
  );
}

function timeOff(ratio: number): string {
  return ratio >= LEAST_FACTOR ? `${ratio.toPrecision(3)} times the time` : `${percentOff(ratio)} in time`;
}

function percentOff(ratio: number): string {
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) < 10 ? 1 : 0;
  return `${percent > 0 ? '+' : ''}${percent.toFixed(digits)} %`;
}
