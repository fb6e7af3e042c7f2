// The counts of an origin, as exchanged with the process that reads them.

/** What became of the requests of a tenth of a second. */
export interface Tick {
  readonly served: number;
  readonly refused: number;
}

export const TICK_MS = 100;
