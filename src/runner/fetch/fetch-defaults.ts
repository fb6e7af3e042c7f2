// The defaults of a fetch, in one place for command line, library and benchmarks.

import type { FetchLimits } from '../../model/fetch-task.ts';
import { PROGRAM_VERSION } from '../../version.ts';
import { chooseMaxInFlight, chooseMaxPerOrigin } from './fetch-in-flight.ts';
import type { FetchOptions } from './fetch-options.ts';

/** A body that is slower than the minimum for this long is given up. No option sets it. */
export const SLOW_WINDOW_MS = 20_000;
/** URLs remembered to count duplicates when nobody asked to skip them. */
export const COUNTED_URLS = 100_000;

export const DEFAULT_LIMITS = {
  totalMs: 0,
  connectMs: 10_000,
  firstByteMs: 30_000,
  idleMs: 20_000,
  minBytesPerSec: 100,
  slowWindowMs: SLOW_WINDOW_MS,
  maxBodyBytes: 10e9,
  maxHeaderBytes: 64 * 1024,
  maxRedirects: 10,
  maxRetries: 3,
  retryBudgetRatio: 0.2,
  maxRetryWaitMs: 600_000,
  stallMs: 120_000,
} as const satisfies FetchLimits;

/** Default options, without the sources and the place for bodies. */
export function fetchDefaults(isAdaptive = true): Omit<FetchOptions, 'sources' | 'to'> {
  return {
    nameTemplate: null,
    bytes: null,
    segmentBytes: 1e9,
    request: {
      userAgent: `spillway/${PROGRAM_VERSION}`,
      headers: [],
      transport: 'auto',
      allowsHttp2: true,
      isInsecure: false,
      honoursRobots: false,
      allowsPrivateRedirects: false,
      proxy: { http: '', https: '', except: '' },
    },
    netrcFile: null,
    caFile: null,
    limits: DEFAULT_LIMITS,
    budgets: {
      maxPerOrigin: chooseMaxPerOrigin(isAdaptive),
      isAdaptive,
      maxAttemptsPerSec: 0,
      maxBytesPerSec: 0,
    },
    maxInFlight: chooseMaxInFlight(isAdaptive),
    cores: null,
    isStrict: false,
    isDeduping: false,
    maxRemembered: COUNTED_URLS,
  };
}
