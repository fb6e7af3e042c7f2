// What holds a fetch back now, for a person: judged from its gauges.

import { sumTallies } from '../../measure/tally.ts';
import type { RunFigures } from './fetch-snapshot.ts';

const BUSY_RATIO = 0.9;
const FULL_RATIO = 0.95;

export class BoundBy {
  #rateWaitsSeen = 0;

  /** Called for each snapshot: what has grown since the one before is what holds the run back. */
  judge({ workerGroup, maxInFlight, workerCount }: RunFigures): string {
    if (workerGroup === null) return 'starting';
    const { inFlight } = sumTallies(workerGroup.tallies);
    if (workerGroup.gauge('utilizationRatio') / workerCount > BUSY_RATIO) return 'CPU of this machine';
    const namingCount = workerGroup.gauge('naming');
    if (namingCount > 0 && namingCount * 2 >= inFlight)
      return 'names: what the name servers have not answered yet';
    if (this.#rateWaitsGrew(workerGroup.gauge('rateWaits'))) return '--rate';
    if (inFlight >= maxInFlight * FULL_RATIO) return '--max-in-flight';
    if (workerGroup.gauge('parked') > 0) return '--per-origin, or pauses the servers asked for';
    if (workerGroup.gauge('waitingRetry') > 0 && inFlight === 0) return 'waits between attempts';
    return workerGroup.isFull ? 'the servers' : 'the source, or the servers';
  }

  #rateWaitsGrew(rateWaits: number): boolean {
    const hasGrown = rateWaits > this.#rateWaitsSeen;
    this.#rateWaitsSeen = rateWaits;
    return hasGrown;
  }
}
