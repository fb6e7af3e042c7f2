// The trials of a share that lost an attempt, until they settle: what their attempts have cost them, and since when
// somebody waits for their answer. A run without a loss never looks in here.

interface LostTrial {
  /** Attempts charged to it. */
  readonly charged: number;
  /** When its first attempt began: a latency that began anew with each would leave out what the lost ones took. */
  readonly dispatchedAtUs: number;
}

export class LostTrials {
  readonly #trials = new Map<number, LostTrial>();

  get size(): number {
    return this.#trials.size;
  }

  /** An attempt at `trial` was lost that began at `dispatchedAtUs`, and another will be made. */
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

  /** `trial` is answered by an attempt that began at `dispatchedAtUs`. Gives the time its first one began. */
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
