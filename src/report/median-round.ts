// Selects the round that stands for its strategy when only one can be shown.

import type { RoundRecord } from '../model/record.ts';

/** The round with the median time (the faster of two); undefined without rounds. */
export function medianRound(rounds: readonly RoundRecord[]): RoundRecord | undefined {
  return rounds.toSorted((a, b) => a.wallMs - b.wallMs)[Math.floor((rounds.length - 1) / 2)];
}
