// The worker's side of batches.ts: does almost nothing, so that the measurement shows the cost of passing tasks.

import type { Range } from '../../src/model/split.ts';

export default function sumRange({ start, end }: Range): number {
  let sum = 0;
  for (let trial = start; trial < end; trial++) sum += trial;
  return sum;
}
