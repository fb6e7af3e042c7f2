// Who gives targets back to whom once the list is at its end. Until then whoever has most room is given more; from then on
// one worker may have a thousand slow targets left while another has nothing to do.

/** What a worker has before it. */
export interface WorkerShare {
  /** Given to it and not settled. */
  readonly pendingCount: number;
  /** Its slots. */
  readonly maxInFlight: number;
  /** It has begun everything it was given: nothing of it can go to another. */
  readonly isAllBegun: boolean;
  /** It was asked to give back, and has not answered. */
  readonly isAsked: boolean;
}

export interface ShareMove {
  /** Of the worker that is to give back. */
  readonly from: number;
  readonly count: number;
}

/** With so many times its slots before it, a worker has enough to do until an answer comes. */
const ENOUGH_RATIO = 2;
/** A worker with so many times what the poorest has gives half of the difference. */
const RICH_RATIO = 1.25;

/** @returns what would level the shares; null when they are level, or while a worker that was asked has not answered */
export function chooseMove(shares: readonly WorkerShare[]): ShareMove | null {
  if (shares.some(({ isAsked }) => isAsked)) return null;
  let poorest: WorkerShare | undefined;
  for (const share of shares)
    if (poorest === undefined || share.pendingCount < poorest.pendingCount) poorest = share;
  if (poorest === undefined || poorest.pendingCount > ENOUGH_RATIO * poorest.maxInFlight) return null;
  let from = -1;
  let mostCount = Math.max(poorest.pendingCount + 1, poorest.pendingCount * RICH_RATIO);
  for (const [index, { pendingCount, isAllBegun }] of shares.entries()) {
    if (isAllBegun || pendingCount <= mostCount) continue;
    from = index;
    mostCount = pendingCount;
  }
  return from < 0 ? null : { from, count: Math.floor((mostCount - poorest.pendingCount) / 2) };
}

/** True when no target will change its worker any more: one that is asked may still give its last. */
export function isSettledDown(shares: readonly WorkerShare[]): boolean {
  return shares.every(
    ({ pendingCount, isAllBegun, isAsked }) =>
      pendingCount === 0 || (!isAsked && (pendingCount === 1 || isAllBegun)),
  );
}
