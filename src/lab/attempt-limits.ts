// The limits of one attempt of a bench, whoever asks for it: what a trial may take besides the delay of the server.

import type { AttemptLimits } from '../model/messages.ts';

const CONNECT_TIMEOUT_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;
/** An answer is a number. */
const MAX_BODY_BYTES = 1_024;

/** @param deadlineMs the longest one attempt may take, added to the delay */
export function attemptLimits(delayMs: number, deadlineMs: number, maxAttempts: number): AttemptLimits {
  return {
    connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, delayMs + deadlineMs),
    firstByteTimeoutMs: delayMs + deadlineMs,
    idleTimeoutMs: deadlineMs,
    totalTimeoutMs: delayMs + deadlineMs,
    maxAttempts,
    maxHeaderBytes: MAX_HEADER_BYTES,
    maxBodyBytes: MAX_BODY_BYTES,
  };
}
