// The few statistics of the comparison: medians with their spread, and ratios of pairs measured in the same round.
// Pure. A machine that is slow for a minute slows both sides of a pair, so the ratio holds where the times do not.

export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Quartiles by linear interpolation. */
  readonly q1: number;
  readonly q3: number;
}

/** @throws RangeError for no values: a median of nothing is not 0. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('expected 1 value or more to summarize, got none');
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    median: quantile(sorted, 0.5),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
    q1: quantile(sorted, 0.25),
    q3: quantile(sorted, 0.75),
  };
}

/**
 * One ratio a round: subject over reference, for the rounds in which both were measured.
 * @param subject one value a round, null where the round has none
 */
export function pairedRatios(
  subject: readonly (number | null)[],
  reference: readonly (number | null)[],
): number[] {
  return subject.flatMap((value, round) => {
    const other = reference[round] ?? null;
    return value === null || other === null || other <= 0 ? [] : [value / other];
  });
}

function quantile(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1);
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}
