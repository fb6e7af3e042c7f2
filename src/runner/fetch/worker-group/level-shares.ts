// Which worker gives targets back for which other at the end of the list. Before that, the worker with most room is
// given more; at the end, one worker may have a thousand slow targets left while another has nothing to do.

/** The work that a worker has left. */
export interface WorkerShare {
  /** Targets given to it and not settled. */
  readonly pendingCount: number;
  /** Number of its slots. */
  readonly maxInFlight: number;
  /** It has begun all its targets: none of them can go to another worker. */
  readonly isAllBegun: boolean;
  /** It was asked to give targets back, and has not answered. */
  readonly isAsked: boolean;
}

export interface ShareMove {
  /** The worker that gives targets back. */
  readonly from: number;
  readonly count: number;
}

/** A worker with this many times its slots left has enough to do until an answer comes. */
const ENOUGH_RATIO = 2;
/** A worker with this many times the work of the poorest gives half of the difference. */
const RICH_RATIO = 1.25;

/**
 * @returns the move that levels the shares; null when they are level, or while a worker that was asked has not
 *   answered
 */
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

/** True when no target will change its worker any more: a worker that is asked may still give its last one. */
export function isSettledDown(shares: readonly WorkerShare[]): boolean {
  return shares.every(
    ({ pendingCount, isAllBegun, isAsked }) =>
      pendingCount === 0 || (!isAsked && (pendingCount === 1 || isAllBegun)),
  );
}
