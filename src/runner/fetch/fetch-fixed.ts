// What every fetch has, whoever asked for it: numbers that no option sets.

/** A body slower than asked over so long is given up. */
export const SLOW_WINDOW_MS = 20_000;
export const MAX_HEADER_BYTES = 64 * 1024;
/** URLs remembered to count duplicates where nobody asked for them to be skipped. */
export const COUNTED_URLS = 100_000;
