// What holds a fetch back now, for a person: judged from its gauges.

import { sumTallies } from '../../measure/tally.ts';
import type { RunFigures } from './fetch-snapshot.ts';

const BUSY_RATIO = 0.9;
const FULL_RATIO = 0.95;
/** Of what is left, at origins that do not answer. */
const MOST_RATIO = 0.8;

export class BoundBy {
  #rateWaitsSeen = 0;

  /** Called for each snapshot: what has grown since the one before is what holds the run back. */
  judge({ workerGroup, maxInFlight, workerCount, origins }: RunFigures): string {
    if (workerGroup === null) return 'starting';
    const { inFlight } = sumTallies(workerGroup.tallies);
    if (workerGroup.gauge('utilizationRatio') / workerCount > BUSY_RATIO) return 'CPU of this machine';
    const namingCount = workerGroup.gauge('naming');
    if (namingCount > 0 && namingCount * 2 >= inFlight)
      return 'names: what the name servers have not answered yet';
    if (this.#rateWaitsGrew(workerGroup.gauge('rateWaits'))) return '--rate';
    const leftCount = inFlight + workerGroup.gauge('parked') + workerGroup.gauge('waitingRetry');
    const doubtfulCount = workerGroup.gauge('doubtful');
    if (doubtfulCount > 0 && doubtfulCount >= leftCount * MOST_RATIO)
      return `origins that do not answer: ${doubtfulCount} targets are left at them`;
    if (inFlight >= maxInFlight * FULL_RATIO) return '--max-in-flight';
    if (workerGroup.gauge('parked') > 0)
      return origins === null
        ? '--per-origin, or pauses the servers asked for'
        : 'how many requests the servers take at once, or pauses they asked for';
    if (workerGroup.gauge('waitingRetry') > 0 && inFlight === 0) return 'waits between attempts';
    return workerGroup.isFull ? 'the servers' : 'the source, or the servers';
  }

  #rateWaitsGrew(rateWaits: number): boolean {
    const hasGrown = rateWaits > this.#rateWaitsSeen;
    this.#rateWaitsSeen = rateWaits;
    return hasGrown;
  }
}
