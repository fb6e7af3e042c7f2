// A worker's share of the run's slots: one for each open attempt, and one for each outcome that is not
// recorded yet. So if a process dies, no more targets are asked for again than it has slots.

import type { Tally } from '../../measure/tally.ts';
import type { LargeBody } from '../../model/body/body-progress.ts';
import type { FetchAttempt } from './attempt/fetch-attempt.ts';

/** Part of the open attempts that remains when this machine runs out of something. */
const SHRUNK_RATIO = 0.8;
/** Attempts that have to end for each slot that comes back. */
const ENDED_A_SLOT = 4;

export class RunSlots {
  readonly #attempts = new Set<FetchAttempt>();
  #slotCount: number;
  readonly #mostCount: number;
  #endedCount = 0;
  #unrecordedCount = 0;
  /** One cell for each attempt: the index of its target plus 1, or 0 for no attempt. */
  readonly #cells: Float64Array;
  readonly #freeCells: number[];

  /** @param inFlight `slotCount` Float64 cells, from which the runner learns what was open when the thread died */
  constructor(slotCount: number, inFlight: SharedArrayBuffer) {
    this.#slotCount = slotCount;
    this.#mostCount = slotCount;
    this.#cells = new Float64Array(inFlight);
    this.#cells.fill(0);
    this.#freeCells = Array.from(this.#cells, (_, cell) => cell);
  }

  get attempts(): ReadonlySet<FetchAttempt> {
    return this.#attempts;
  }

  /** Outcomes that were reported and are not recorded yet. */
  get unrecordedCount(): number {
    return this.#unrecordedCount;
  }

  /** Attempts that may be open now. */
  get maxAttempts(): number {
    return this.#slotCount - this.#unrecordedCount;
  }

  get isFull(): boolean {
    return this.wasFull(0);
  }

  /** True when all were taken before `freedCount` attempts ended. */
  wasFull(freedCount: number): boolean {
    return this.#attempts.size + freedCount >= this.maxAttempts;
  }

  /** The bodies that are under way. */
  *bodies(): Generator<LargeBody> {
    for (const { body } of this.#attempts) if (body !== null) yield body;
  }

  open(attempt: FetchAttempt): void {
    this.#attempts.add(attempt);
    attempt.cell = this.#freeCells.pop() ?? -1;
    if (attempt.cell !== -1) this.#cells[attempt.cell] = attempt.job.target.index + 1;
  }

  close(attempt: FetchAttempt): void {
    // What ran out may be there again: each attempt that ends gives back a part of a slot.
    if (this.#slotCount < this.#mostCount && ++this.#endedCount % ENDED_A_SLOT === 0) this.#slotCount++;
    if (!this.#attempts.delete(attempt) || attempt.cell === -1) return;
    this.#cells[attempt.cell] = 0;
    this.#freeCells.push(attempt.cell);
  }

  told(): void {
    this.#unrecordedCount++;
  }

  recorded(count: number): void {
    this.#unrecordedCount -= count;
  }

  /** Leaves fewer slots than are open now, because an attempt met a limit of this machine. */
  shrink(): void {
    const most = Math.min(this.#slotCount, this.#attempts.size + 1);
    this.#slotCount = Math.max(1, Math.floor(most * SHRUNK_RATIO));
  }

  /** Writes what the live view reads. */
  show(tally: Tally): void {
    const { size } = this.#attempts;
    tally.set('inFlight', size);
    if (size > tally.get('inFlightPeak')) tally.set('inFlightPeak', size);
  }
}
