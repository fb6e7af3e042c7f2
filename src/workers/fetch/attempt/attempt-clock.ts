// The deadlines of one attempt: which phase it is in, since when, and which of the limits has passed. Knows
// neither connections nor bodies.

import { nowMs } from '../../../measure/clock.ts';
import type { FetchLimits } from '../../../model/fetch-task.ts';
import { type AttemptFailure, attemptFailure } from './attempt-end.ts';

/** `naming`: until the host has addresses, which is our own wait. */
export type Phase = 'naming' | 'connecting' | 'waiting' | 'receiving' | 'over';

export class AttemptClock {
  readonly #limits: FetchLimits;
  #startedAtMs: number;
  readonly #readMs: () => number;
  #phase: Phase = 'naming';
  /** When the phase began, or the last piece of a body came. */
  #sinceMs: number;
  /** The same, but not moved on by pauses of our own. */
  #movedAtMs: number;
  #windowStartMs = 0;
  #windowBytes = 0;
  #bytes = 0;

  /** @param startedAtMs when the attempt began; redirects keep it */
  constructor(limits: FetchLimits, startedAtMs: number, readMs: () => number = nowMs) {
    this.#limits = limits;
    this.#startedAtMs = startedAtMs;
    this.#readMs = readMs;
    this.#sinceMs = readMs();
    this.#movedAtMs = this.#sinceMs;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Body bytes that came, as sent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** When the phase began, or the last piece of a body came. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** Milliseconds until the limit of the phase; null where it has none. */
  leftMs(atMs: number): number | null {
    if (this.#phase === 'naming') return null;
    const { connectMs, firstByteMs, idleMs, totalMs } = this.#limits;
    const phaseMs = { connecting: connectMs, waiting: firstByteMs, receiving: idleMs, over: 0 }[this.#phase];
    const ends = [
      ...(phaseMs > 0 ? [this.#sinceMs + phaseMs] : []),
      ...(totalMs > 0 ? [this.#startedAtMs + totalMs] : []),
    ];
    return ends.length === 0 ? null : Math.max(0, Math.min(...ends) - atMs);
  }

  /** Ends our own wait: from now on the other side is waited for. @returns how long our own wait was */
  begin(): number {
    const ownMs = this.#readMs() - this.#sinceMs;
    this.#startedAtMs += ownMs;
    this.enter('connecting');
    return ownMs;
  }

  /** Begins a phase. @returns how long the one before lasted */
  enter(phase: Phase): number {
    this.#phase = phase;
    const beforeMs = this.#sinceMs;
    this.#sinceMs = this.#readMs();
    this.#movedAtMs = this.#sinceMs;
    this.#beginWindow(this.#sinceMs);
    return this.#sinceMs - beforeMs;
  }

  count(bytes: number): void {
    this.#sinceMs = this.#readMs();
    this.#movedAtMs = this.#sinceMs;
    this.#bytes += bytes;
    this.#windowBytes += bytes;
  }

  /** The failure of a limit that has passed, or null. @param isHeld true while this side has paused reading */
  check(atMs: number, isHeld: boolean): AttemptFailure | null {
    if (this.#phase === 'naming') return null;
    const limits = this.#limits;
    const phaseMs = atMs - this.#sinceMs;
    if (isPast(limits.totalMs, atMs - this.#startedAtMs)) {
      return attemptFailure(
        'total-timeout',
        `expected the whole answer within ${limits.totalMs} ms (--deadline), found ${this.#bytes} bytes of it`,
      );
    }
    const stallMs = longestWaitMs(limits);
    if (isPast(stallMs, atMs - this.#movedAtMs)) {
      return attemptFailure(
        'stalled',
        `expected something to move within ${stallMs} ms (--stall-timeout), found ${this.#bytes} bytes and nothing more`,
      );
    }
    if (this.#phase === 'connecting') {
      return isPast(limits.connectMs, phaseMs)
        ? attemptFailure('connect-timeout', `expected a connection within ${limits.connectMs} ms`)
        : null;
    }
    if (this.#phase === 'waiting') {
      return isPast(limits.firstByteMs, phaseMs)
        ? attemptFailure('first-byte-timeout', `expected a first byte within ${limits.firstByteMs} ms`)
        : null;
    }
    if (isHeld) {
      // The pause is ours, so the idle limit begins anew.
      this.#sinceMs = atMs;
      this.#beginWindow(atMs);
      return null;
    }
    if (isPast(limits.idleMs, phaseMs)) {
      return attemptFailure(
        'idle-timeout',
        `expected more of the body within ${limits.idleMs} ms, found ${this.#bytes} bytes of it`,
      );
    }
    return isPast(limits.slowWindowMs, atMs - this.#windowStartMs) ? this.#checkSpeed(atMs) : null;
  }

  #checkSpeed(atMs: number): AttemptFailure | null {
    const { minBytesPerSec } = this.#limits;
    const perSec = (this.#windowBytes * 1000) / (atMs - this.#windowStartMs);
    this.#beginWindow(atMs);
    if (perSec >= minBytesPerSec) return null;
    return attemptFailure(
      'too-slow',
      `expected ${minBytesPerSec} bytes a second or more, found ${Math.round(perSec)}`,
    );
  }

  #beginWindow(atMs: number): void {
    this.#windowStartMs = atMs;
    this.#windowBytes = 0;
  }
}

/**
 * The longest that anything may stand still: the stall limit, but never less than the limit of a phase. 0 for
 * no bound.
 */
export function longestWaitMs({ stallMs = 0, connectMs, firstByteMs, idleMs }: FetchLimits): number {
  return stallMs === 0 ? 0 : Math.max(stallMs, connectMs, firstByteMs, idleMs);
}

function isPast(limitMs: number, passedMs: number): boolean {
  return limitMs > 0 && passedMs > limitMs;
}
