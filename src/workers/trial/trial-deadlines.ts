// Which deadline of an attempt has passed, if any: computed for a position by the sweep that checks all of
// them. It knows neither lanes nor what happens to an attempt that is cut.

import type { FailureCode } from '../../model/errors.ts';
import type { AttemptLimits } from '../../model/messages.ts';
import type { TrialExchange } from './trial-exchange.ts';

/** The lane itself ends a slow connect; a case that the lane does not see gets this much more time. */
const CONNECT_GRACE_MS = 1_000;
/**
 * Walking a hundred thousand positions costs a millisecond, and deadlines are seconds, so not every sweep
 * checks them.
 */
const LEAST_SWEEPS_PER_CHECK = 5;
/**
 * How late a deadline may be noticed, as a part of it. Checking more often cost 8 % of the CPU of pipelined
 * trials (profiles/pipelined-wire).
 */
const DEADLINE_TOLERANCE_RATIO = 0.05;

export interface PassedDeadline {
  readonly code: FailureCode;
  readonly message: string;
}

export class TrialDeadlines {
  /** Sweeps from one check of the deadlines to the next. */
  readonly sweepsPerCheck: number;
  readonly #limits: AttemptLimits;
  readonly #idleSweeps: number;

  /** @param sweepMs time from one sweep to the next */
  constructor(limits: AttemptLimits, sweepMs: number) {
    this.#limits = limits;
    this.#idleSweeps = Math.ceil(limits.idleMs / sweepMs);
    const leastMs = Math.min(limits.firstByteMs, limits.idleMs, limits.totalMs);
    this.sweepsPerCheck = Math.max(
      LEAST_SWEEPS_PER_CHECK,
      Math.floor((leastMs * DEADLINE_TOLERANCE_RATIO) / sweepMs),
    );
  }

  /**
   * The deadline that has passed for `position`, which has a trial in flight; null while it is within all of
   * them.
   */
  passed(position: TrialExchange, nowUs: number, sweepNumber: number): PassedDeadline | null {
    const { connectMs, firstByteMs, idleMs, totalMs, maxBodyBytes } = this.#limits;
    if (position.sentAtUs < 0) {
      // A connection may be established and still take nothing, as with an HTTP/2 server that never sends a
      // frame.
      const waitedMs = (nowUs - position.dispatchedAtUs) / 1e3;
      if (waitedMs <= connectMs + CONNECT_GRACE_MS) return null;
      return {
        code: 'connect-timeout',
        message: `expected to send the request within ${connectMs} ms`,
      };
    }
    const elapsedMs = (nowUs - position.sentAtUs) / 1e3;
    const { activeInSweep, bytes } = position;
    if (bytes > maxBodyBytes) {
      return { code: 'body-too-large', message: `expected at most ${maxBodyBytes} bytes` };
    }
    if (activeInSweep === 0 && elapsedMs > firstByteMs) {
      return {
        code: 'first-byte-timeout',
        message: `expected a first byte within ${firstByteMs} ms`,
      };
    }
    if (elapsedMs > totalMs) {
      return { code: 'total-timeout', message: `expected a whole answer within ${totalMs} ms` };
    }
    if (activeInSweep > 0 && sweepNumber - activeInSweep > this.#idleSweeps) {
      return { code: 'idle-timeout', message: `expected a further byte within ${idleMs} ms` };
    }
    return null;
  }
}
