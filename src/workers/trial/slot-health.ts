// What the engine learns about the other side of a connection slot: how many requests a connection can take,
// and how long to leave an address alone that refuses connections.

import type { SlotState } from './trial-exchange.ts';

/** Whole answers on one connection, for each request that it may have open, before twice as many are tried. */
const ANSWERS_PER_DEPTH = 4;
const BASE_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1_000;
/** After so long a server does not come back soon: there are no more pauses, so that the run ends. */
const MAX_DOWN_MS = 5_000;

/** The server ends connections after so many answers, so no more requests are sent on one at once. */
export function noteShortLife(state: SlotState): void {
  if (state.answers > 0 && state.answers < state.slot.depth) state.slot.depth = state.answers;
}

/** A connection that has lasted may take more requests again, up to what the plan gave it. */
export function noteAnswer(state: SlotState): void {
  state.answers++;
  const { slot, fullDepth } = state;
  if (slot.depth < fullDepth && state.answers >= slot.depth * ANSWERS_PER_DEPTH)
    slot.depth = Math.min(fullDepth, slot.depth * 2);
}

/**
 * Keeps trials from a refused slot for a while, exponentially longer each time and half of it random, so that
 * a server that restarts does not cost every trial its attempts.
 * @param sweepMs time from one sweep to the next
 * @param random from 0 to 1
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
