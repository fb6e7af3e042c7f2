// What the options are called that hold a run back: by a name of the command line, or of the library.

/** Options by the names of the door that the run came through. */
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
