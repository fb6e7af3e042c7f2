// The worker's side of batches.ts: next to no work, so that what is measured is the way there and back.

import type { Range } from '../../src/model/split.ts';

export default function sumRange({ start, end }: Range): number {
  let sum = 0;
  for (let trial = start; trial < end; trial++) sum += trial;
  return sum;
}
