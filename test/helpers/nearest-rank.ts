// Percentiles the slow, exact way, to hold the fast ones against.

/** The smallest value that at least `ratio` of all values do not exceed. */
export function nearestRank(values: readonly number[], ratio: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(ratio * sorted.length - 1e-9));
  return sorted[rank - 1] as number;
}
