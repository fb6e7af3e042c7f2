// Splits a whole into parts that always add up to it: 10 over 3 is 4, 3, 3.

/** A half-open range of trial numbers: `start` is in, `end` is not. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Shares of `total` over `parts`, none larger than another by more than one, the larger ones first.
 * @throws RangeError when `total` is not a non-negative safe integer or `parts` not a positive one.
 */
export function splitCount(total: number, parts: number): number[] {
  if (!Number.isSafeInteger(total) || total < 0)
    throw new RangeError(`expected a total of 0 or more, got ${total}`);
  if (!Number.isSafeInteger(parts) || parts < 1)
    throw new RangeError(`expected 1 part or more, got ${parts}`);
  const least = Math.floor(total / parts);
  const larger = total % parts;
  return Array.from({ length: parts }, (_, part) => (part < larger ? least + 1 : least));
}

/** Contiguous ranges that cover `0 … total-1`, one for each part, sized as `splitCount` says. */
export function splitRange(total: number, parts: number): Range[] {
  return rangesOf(splitCount(total, parts));
}

/**
 * Shares of `total` in proportion to `weights`, by largest remainder (Hamilton's method): each is its exact share
 * rounded down or up, and they add up.
 * @throws RangeError when there is no weight above 0
 */
export function splitByWeight(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  if (!(sum > 0)) throw new RangeError(`expected a weight above 0, got ${weights.join(', ')}`);
  const exact = weights.map((weight) => (total * weight) / sum);
  const shares = exact.map(Math.floor);
  const left = total - shares.reduce((all, share) => all + share, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) shares[index] = (shares[index] as number) + 1;
  return shares;
}

/** Contiguous ranges of the given lengths, from 0 on. */
export function rangesOf(counts: readonly number[]): Range[] {
  let start = 0;
  return counts.map((count) => {
    const range = { start, end: start + count };
    start += count;
    return range;
  });
}
