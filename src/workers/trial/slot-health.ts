// What the engine learns of a connection slot's other side, and goes by: how many requests a connection is good for,
// and how long to leave an address alone that refuses connections.

import type { SlotState } from './trial-exchange.ts';

/** Whole answers on one connection, for each request it may have open, after which twice as many are tried. */
const ANSWERS_PER_DEPTH = 4;
const BASE_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1_000;
/** What is down for so long is not coming back at once: no more pauses, so that the run comes to its end. */
const MAX_DOWN_MS = 5_000;

/** The server ends connections after so many answers: to ask for more at once only asks in vain. */
export function noteShortLife(state: SlotState): void {
  if (state.answers > 0 && state.answers < state.slot.depth) state.slot.depth = state.answers;
}

/** A connection that has lasted may carry more again, up to what the plan gave it. */
export function noteAnswer(state: SlotState): void {
  state.answers++;
  const { slot, fullDepth } = state;
  if (slot.depth < fullDepth && state.answers >= slot.depth * ANSWERS_PER_DEPTH)
    slot.depth = Math.min(fullDepth, slot.depth * 2);
}

/**
 * A refused slot takes no trial for a while, exponentially longer and at least half of it by chance, so that a server
 * that is being started again does not cost every trial its attempts.
 * @param sweepMs how long a sweep is
 * @param random in 0 … 1
 */
export function noteRefusal(state: SlotState, sweepNumber: number, sweepMs: number, random: number): void {
  if (isPaused(state, sweepNumber)) return;
  if (state.refusals++ === 0) state.refusedInSweep = sweepNumber;
  if ((sweepNumber - state.refusedInSweep) * sweepMs >= MAX_DOWN_MS) return;
  const ceilingMs = Math.min(MAX_PAUSE_MS, BASE_PAUSE_MS * 2 ** Math.min(state.refusals - 1, 20));
  state.pausedUntilSweep = sweepNumber + Math.ceil((ceilingMs * (0.5 + random / 2)) / sweepMs);
}

export function isPaused(state: SlotState, sweepNumber: number): boolean {
  return state.pausedUntilSweep > sweepNumber;
}
