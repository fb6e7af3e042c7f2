// Names what limits a fetch now, for a person: judged from its gauges.

import { sumTallies } from '../../measure/tally.ts';
import type { FetchBudgets } from '../../model/fetch-task.ts';
import type { BoundNames } from './bound-names.ts';
import type { RunFigures } from './fetch-snapshot.ts';

const BUSY_RATIO = 0.9;
const FULL_RATIO = 0.95;
/** Share of the targets left that are at origins that do not answer. */
const MOST_RATIO = 0.8;

export class BoundBy {
  #rateWaitsSeen = 0;

  /** Call it for each snapshot: a gauge that has grown since the last one shows what limits the run. */
  judge({ workerGroup, monitor, maxInFlight, workerCount, budgets, names }: RunFigures): string {
    if (workerGroup === null) return 'starting';
    const { inFlight } = sumTallies(workerGroup.tallies);
    if (workerGroup.gauge('utilizationRatio') / workerCount > BUSY_RATIO) return 'CPU of this machine';
    const namingCount = workerGroup.gauge('naming');
    if (namingCount > 0 && namingCount * 2 >= inFlight)
      return 'names: what the name servers have not answered yet';
    if (this.#rateWaitsGrew(workerGroup.gauge('rateWaits'))) return names.rate;
    const { maxBytesPerSec } = budgets;
    if (maxBytesPerSec > 0 && (monitor.bytesPerSec ?? 0) > maxBytesPerSec * BUSY_RATIO)
      return names.maxBytesPerSec;
    const leftCount = inFlight + workerGroup.gauge('parked') + workerGroup.gauge('waitingRetry');
    const doubtfulCount = workerGroup.gauge('doubtful');
    if (doubtfulCount > 0 && doubtfulCount >= leftCount * MOST_RATIO)
      return `origins that do not answer: ${doubtfulCount} targets are left at them`;
    if (inFlight >= maxInFlight * FULL_RATIO) return names.maxInFlight;
    if (workerGroup.gauge('parked') > 0) return `${perOriginText(budgets, names)}, or pauses they asked for`;
    if (workerGroup.gauge('waitingRetry') > 0 && inFlight === 0) return 'waits between attempts';
    return workerGroup.isFull ? 'the servers' : 'the source, or the servers';
  }

  #rateWaitsGrew(rateWaits: number): boolean {
    const hasGrown = rateWaits > this.#rateWaitsSeen;
    this.#rateWaitsSeen = rateWaits;
    return hasGrown;
  }
}

/** Names an option only where it was given. */
function perOriginText(
  { maxPerOrigin, isAdaptive, isPerOriginGiven }: FetchBudgets,
  names: BoundNames,
): string {
  if (isPerOriginGiven === true && maxPerOrigin > 0) return names.perOrigin;
  return isAdaptive === true && maxPerOrigin === 0
    ? 'how many requests the servers take at once'
    : `${maxPerOrigin} requests at each origin`;
}
