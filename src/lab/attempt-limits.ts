// The limits of one attempt of a bench, whoever asks for it: what a trial may take besides the delay of the server.

import type { AttemptLimits } from '../model/messages.ts';

const CONNECT_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;
/** An answer is a number, or JSON around it. */
const MAX_BODY_BYTES = 16_384;

/** @param deadlineMs the longest one attempt may take, added to the delay */
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
