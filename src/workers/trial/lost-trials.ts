// The trials of a share that lost an attempt, until they settle: how many attempts were charged to them, and
// when their first attempt began. A run without a loss does not use it.

interface LostTrial {
  /** Attempts charged to it. */
  readonly charged: number;
  /**
   * When its first attempt began: a latency counted from the last attempt would leave out the time of the
   * lost ones.
   */
  readonly dispatchedAtUs: number;
}

export class LostTrials {
  readonly #trials = new Map<number, LostTrial>();

  get size(): number {
    return this.#trials.size;
  }

  /** Notes that an attempt at `trial` was lost, which began at `dispatchedAtUs`, and that another will be made. */
  add(trial: number, dispatchedAtUs: number, isCharged: boolean): void {
    const before = this.#trials.get(trial);
    this.#trials.set(trial, {
      charged: (before?.charged ?? 0) + Number(isCharged),
      dispatchedAtUs: before?.dispatchedAtUs ?? dispatchedAtUs,
    });
  }

  chargedTo(trial: number): number {
    return this.#trials.get(trial)?.charged ?? 0;
  }

  /** `trial` was answered by the attempt that began at `dispatchedAtUs`. Returns when its first attempt began. */
  takeStart(trial: number, dispatchedAtUs: number): number {
    const lost = this.#trials.get(trial);
    if (lost === undefined) return dispatchedAtUs;
    this.#trials.delete(trial);
    return lost.dispatchedAtUs;
  }

  delete(trial: number): void {
    this.#trials.delete(trial);
  }
}
