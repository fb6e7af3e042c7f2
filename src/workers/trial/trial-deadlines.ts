// Which deadline of an attempt has passed, if any: pure reckoning over a position, for the sweep that looks at all of
// them at once. It knows neither lanes nor what becomes of an attempt that is cut.

import type { FailureCode } from '../../model/errors.ts';
import type { AttemptLimits } from '../../model/messages.ts';
import type { TrialExchange } from './trial-exchange.ts';

/** The lane itself ends a connect that takes too long; what it does not see gets this much more. */
const CONNECT_GRACE_MS = 1_000;
/** Walking a hundred thousand positions costs a millisecond; deadlines are seconds. */
const LEAST_SWEEPS_PER_CHECK = 5;
/** How late a deadline may be noticed; more often would cost 8 % of the CPU of pipelined trials (profiles/pipelined-wire). */
const DEADLINE_TOLERANCE_RATIO = 0.05;

export interface PassedDeadline {
  readonly code: FailureCode;
  readonly message: string;
}

export class TrialDeadlines {
  /** Sweeps from one look at the deadlines to the next. */
  readonly sweepsPerCheck: number;
  readonly #limits: AttemptLimits;
  readonly #idleSweeps: number;

  /** @param sweepMs from one sweep to the next */
  constructor(limits: AttemptLimits, sweepMs: number) {
    this.#limits = limits;
    this.#idleSweeps = Math.ceil(limits.idleMs / sweepMs);
    const leastMs = Math.min(limits.firstByteMs, limits.idleMs, limits.totalMs);
    this.sweepsPerCheck = Math.max(
      LEAST_SWEEPS_PER_CHECK,
      Math.floor((leastMs * DEADLINE_TOLERANCE_RATIO) / sweepMs),
    );
  }

  /** Null while `position`, which has a trial in flight, is within all of them. */
  passed(position: TrialExchange, nowUs: number, sweepNumber: number): PassedDeadline | null {
    const { connectMs, firstByteMs, idleMs, totalMs, maxBodyBytes } = this.#limits;
    if (position.sentAtUs < 0) {
      // A connection may stand and still take nothing: an HTTP/2 server that never says a word.
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
