// The limits of one attempt in a bench: what a trial may take besides the delay of the server.

import type { AttemptLimits } from '../model/messages.ts';

const CONNECT_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;
/** The longest answer that is accepted: an answer is a number, or JSON around it. */
const MAX_BODY_BYTES = 16_384;

/** @param deadlineMs the longest that one attempt may take, in addition to the delay */
export function attemptLimits(delayMs: number, deadlineMs: number, maxRetries: number): AttemptLimits {
  return {
    connectMs: Math.min(CONNECT_TIMEOUT_MS, delayMs + deadlineMs),
    firstByteMs: delayMs + deadlineMs,
    idleMs: deadlineMs,
    totalMs: delayMs + deadlineMs,
    maxRetries,
    maxHeaderBytes: MAX_HEADER_BYTES,
    maxBodyBytes: MAX_BODY_BYTES,
  };
}
