// Mergeable counters of one worker, in memory the main thread reads while the run goes on: no message a trial, and
// nothing is lost with the thread. One writer (the worker); the main thread reads, sums and, after a death, corrects.

import { FAILURE_CODES, type FailureCode } from '../model/errors.ts';
import { TALLY_FIELDS, type TallyData, type TallyField } from '../model/record.ts';

const SQUARE_CARRY = 2 ** 52;

const FIELDS = TALLY_FIELDS;

export class Tally {
  readonly #cells: Float64Array;

  constructor(buffer: SharedArrayBuffer = Tally.allocate()) {
    this.#cells = new Float64Array(buffer);
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer((FIELDS.length + FAILURE_CODES.length) * 8);
  }

  get(field: TallyField): number {
    return this.#cells[INDEX[field]] as number;
  }

  set(field: TallyField, value: number): void {
    this.#cells[INDEX[field]] = value;
  }

  add(field: TallyField, amount: number): void {
    const cell = INDEX[field];
    this.#cells[cell] = (this.#cells[cell] as number) + amount;
  }

  /** Counts a settled failure under its code. */
  addFailure(code: FailureCode): void {
    const cell = FIELDS.length + FAILURE_CODES.indexOf(code);
    this.#cells[cell] = (this.#cells[cell] as number) + 1;
    this.add('failed', 1);
  }

  failureCount(code: FailureCode): number {
    return this.#cells[FIELDS.length + FAILURE_CODES.indexOf(code)] as number;
  }

  /** Adds an answered value to the sum and the sum of squares, exactly for values up to 2^26. */
  addValue(value: number): void {
    this.add('valueSum', value);
    let low = this.get('squareSumLow') + value * value;
    if (low >= SQUARE_CARRY) {
      low -= SQUARE_CARRY;
      this.add('squareSumHigh', 1);
    }
    this.set('squareSumLow', low);
  }

  toData(): TallyData {
    return sumTallies([this]);
  }
}

const INDEX = Object.fromEntries(FIELDS.map((field, cell) => [field, cell])) as Record<TallyField, number>;

/** One account of several tallies. */
export function sumTallies(tallies: readonly Tally[]): TallyData {
  const sum = Object.fromEntries(FIELDS.map((field) => [field, 0])) as Record<TallyField, number>;
  const failures: Partial<Record<FailureCode, number>> = {};
  let firstDispatchAtMs = 0;
  for (const tally of tallies) {
    for (const field of FIELDS) sum[field] += tally.get(field);
    // Each part is below 2^52, so the sum of two is exact, and that of three would not be.
    if (sum.squareSumLow >= SQUARE_CARRY) {
      sum.squareSumLow -= SQUARE_CARRY;
      sum.squareSumHigh += 1;
    }
    const first = tally.get('firstDispatchAtMs');
    if (first > 0 && (firstDispatchAtMs === 0 || first < firstDispatchAtMs)) firstDispatchAtMs = first;
  }
  sum.firstDispatchAtMs = firstDispatchAtMs;
  sum.begunUpTo = Math.max(0, ...tallies.map((tally) => tally.get('begunUpTo')));
  sum.lastSettledAtMs = Math.max(0, ...tallies.map((tally) => tally.get('lastSettledAtMs')));
  for (const code of FAILURE_CODES) {
    const count = tallies.reduce((total, tally) => total + tally.failureCount(code), 0);
    if (count > 0) failures[code] = count;
  }
  return { ...sum, failures };
}

/** The exact sum of squares as two parts of 52 bits were kept. */
export function squareSumOf(data: Pick<TallyData, 'squareSumLow' | 'squareSumHigh'>): bigint {
  return BigInt(data.squareSumHigh) * BigInt(SQUARE_CARRY) + BigInt(data.squareSumLow);
}
