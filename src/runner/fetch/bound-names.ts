// What the options that can limit a run are called: by a name of the command line, or of the library.

/** Option names as the caller knows them. */
export interface BoundNames {
  readonly rate: string;
  readonly maxBytesPerSec: string;
  readonly maxInFlight: string;
  readonly perOrigin: string;
}

export const LIBRARY_NAMES: BoundNames = {
  rate: 'maxAttemptsPerSec',
  maxBytesPerSec: 'maxBytesPerSec',
  maxInFlight: 'maxInFlight',
  perOrigin: 'maxPerOrigin',
};

export const COMMAND_NAMES: BoundNames = {
  rate: '--rate',
  maxBytesPerSec: '--max-bytes-per-sec',
  maxInFlight: '--max-in-flight',
  perOrigin: '--per-origin',
};
