// What an origin counts, in the words that it and whoever reads it share.

/** What became of the requests of a tenth of a second. */
export interface Tick {
  readonly served: number;
  readonly refused: number;
}

export const TICK_MS = 100;
