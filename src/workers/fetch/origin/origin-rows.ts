// The rows in shared memory of the origins that a worker has targets of: taken with the first target and given
// back with the last, so that an idle origin holds no memory that another needs.

import type { FetchShared } from '../../../model/fetch-task.ts';
import { makeOwnRows, ORIGIN_FIELDS, OWN_FIELDS } from '../../../model/shared/origin-fields.ts';
import { SpillwayError } from '../../../model/errors.ts';
import { nowMs } from '../../../measure/clock.ts';
import { SharedRows } from '../../../model/shared/shared-rows.ts';

/** An origin, for as long as this worker has a target of it. */
export interface HeldOrigin {
  readonly origin: string;
  /** The row that holds its fields. */
  readonly row: number;
  /** Targets of this worker. */
  targetCount: number;
}

export class OriginRows {
  readonly #rows: SharedRows;
  readonly #own: Int32Array;
  readonly #held = new Map<string, HeldOrigin>();

  /**
   * @param ownRows memory that lists this worker's rows, to free if its thread dies. @default its own
   * @param clock milliseconds, the same for all threads. @default `nowMs`
   */
  constructor(
    { origins, epochMs }: FetchShared,
    ownRows: SharedArrayBuffer = makeOwnRows(origins),
    clock: () => number = nowMs,
  ) {
    // An origin that asked to be left alone is not forgotten before its pause is over.
    this.#rows = new SharedRows(
      origins,
      (row) =>
        (this.#rows.cells[this.#rows.at(row) + ORIGIN_FIELDS.pausedUntil] as number) > clock() - epochMs,
    );
    this.#own = new Int32Array(ownRows);
  }

  /** Origins that are held. */
  get count(): number {
    return this.#held.size;
  }

  /** Counts one more target of an origin; the caller has to `leave` once for it. */
  enter(origin: string): HeldOrigin {
    let held = this.#held.get(origin);
    if (held === undefined) {
      const row = this.#rows.take(origin);
      if (row === null)
        throw new SpillwayError('ERR_BUG', `no row left of ${this.#rows.rowCount} for ${origin}`);
      held = { origin, row, targetCount: 0 };
      this.#held.set(origin, held);
      this.#count(row, 1);
    }
    held.targetCount++;
    return held;
  }

  /** A target of it is settled, or has gone elsewhere. */
  leave(held: HeldOrigin): void {
    if (--held.targetCount > 0) return;
    this.#held.delete(held.origin);
    this.#count(held.row, -1);
    this.#rows.release(held.row);
  }

  #count(row: number, change: number): void {
    const at = row * OWN_FIELDS.fieldCount + OWN_FIELDS.held;
    this.#own[at] = (this.#own[at] as number) + change;
  }
}
