// Counts one kind of delayed answers in one replica. Always: received = answered + in flight + abandoned.

import { NumberTally } from './number-tally.ts';

/** What a replica reports about one kind of answers. Crosses processes by structured clone. */
export interface AnswerSnapshot {
  readonly received: number;
  readonly answered: number;
  readonly abandoned: number;
  readonly inFlight: number;
  readonly peakInFlight: number;
  readonly sum: bigint;
  readonly sumOfSquares: bigint;
  readonly seen: Uint8Array;
  /** Null when no number was answered twice, so that the common case is cheap to send. */
  readonly repeated: Uint8Array | null;
}

export class AnswerAccount {
  readonly #tally: NumberTally;
  #received = 0;
  #answered = 0;
  #abandoned = 0;
  #peakInFlight = 0;

  /** @param size numbers are 0..size-1 */
  constructor(size: number) {
    this.#tally = new NumberTally(size);
  }

  get inFlight(): number {
    return this.#received - this.#answered - this.#abandoned;
  }

  /** Changes with every count. */
  get activity(): number {
    return this.#received + this.#answered + this.#abandoned;
  }

  /** Of one snapshot at most. */
  get bitmapBytes(): number {
    return this.#tally.seen.length + this.#tally.repeated.length;
  }

  receive(count: number): void {
    this.#received += count;
    const { inFlight } = this;
    if (inFlight > this.#peakInFlight) this.#peakInFlight = inFlight;
  }

  /** Counts an answer that was handed to a socket that was still open. */
  answer(number: number): void {
    this.#answered++;
    this.#tally.add(number);
  }

  /** Counts answers whose connection ended before they were due. */
  abandon(count: number): void {
    this.#abandoned += count;
  }

  /** Starts all counts again. What is in flight counts as received now. */
  reset(): void {
    const { inFlight } = this;
    this.#received = inFlight;
    this.#answered = 0;
    this.#abandoned = 0;
    this.#peakInFlight = inFlight;
    this.#tally.reset();
  }

  snapshot(): AnswerSnapshot {
    const tally = this.#tally;
    return {
      received: this.#received,
      answered: this.#answered,
      abandoned: this.#abandoned,
      inFlight: this.inFlight,
      peakInFlight: this.#peakInFlight,
      sum: tally.sum,
      sumOfSquares: tally.sumOfSquares,
      seen: tally.seen,
      repeated: tally.hasRepeated ? tally.repeated : null,
    };
  }
}
