// How a whole is shared out. The parts always add up to the whole: 10 over 3 is 4, 3, 3.

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
  let start = 0;
  return splitCount(total, parts).map((count) => {
    const range = { start, end: start + count };
    start += count;
    return range;
  });
}
