// Chooses which of several requests the i-th request of a load is.

import type { LoadRequest } from '../../model/load/load-task.ts';

/** Fractions of the multiples of this number fill the unit interval as evenly as any (Knuth, TAOCP 3, 6.4). */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Spreads requests by their weights, alike for every worker: in any row of n, each gets its share within a few. */
export function makeChooser(requests: readonly LoadRequest[]): (index: number) => number {
  if (requests.length === 1) return () => 0;
  const total = requests.reduce((sum, { weight }) => sum + weight, 0);
  const ends: number[] = [];
  for (const { weight } of requests) ends.push((ends.at(-1) ?? 0) + weight / total);
  return (index) => {
    const at = (index * GOLDEN) % 1;
    const found = ends.findIndex((end) => at < end);
    return found === -1 ? requests.length - 1 : found;
  };
}
